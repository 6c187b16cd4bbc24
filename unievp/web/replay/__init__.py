"""Export of a wire log, and its replay in a sandbox: docs/wire-log.md."""
