"""Firmware: images, one charger's update, and campaigns over many chargers (OCPP 1.6 §6.19; L01).

asking  → a charger is asked in the signed or the unsigned form
answers → what its answer means (a follower of both commands)
reports → what its notifications mean
campaigns → waves, gates, pause, resume, abort
sweep → phases that last too long, boots that prove, campaigns that go on
"""
