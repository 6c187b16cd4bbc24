"""A charger's configuration: read and kept, changed with care, brought in line in bulk.

reading → when which keys are asked for; answers → what is kept of an answer
changing → one key; runs, steps → many keys of many chargers, with progress
"""
