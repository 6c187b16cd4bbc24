"""One colour per status of configuration, firmware and logs."""

from __future__ import annotations

from chargers.models import (
    CampaignStatus,
    LogStatus,
    RunItemStatus,
    RunStatus,
    UpdateStatus,
)
from chargers.selectors import drift

DRIFT = {
    drift.SAME: "success",
    drift.DIFFERENT: "warning",
    drift.UNKNOWN: "",
    drift.READ_ONLY: "danger",
    drift.NOT_READ: "info",
}
RUN = {
    RunStatus.RUNNING: "primary",
    RunStatus.PAUSED: "warning",
    RunStatus.FINISHED: "success",
    RunStatus.CANCELLED: "",
}
RUN_ITEM = {
    RunItemStatus.WAITING: "",
    RunItemStatus.WORKING: "primary",
    RunItemStatus.DONE: "success",
    RunItemStatus.PARTLY: "warning",
    RunItemStatus.FAILED: "danger",
    RunItemStatus.CANCELLED: "",
}
CAMPAIGN = {
    CampaignStatus.DRAFT: "info",
    CampaignStatus.RUNNING: "primary",
    CampaignStatus.PAUSED: "warning",
    CampaignStatus.FINISHED: "success",
    CampaignStatus.ABORTED: "",
}
UPDATE = {
    UpdateStatus.WAITING: "",
    UpdateStatus.ASKED: "info",
    UpdateStatus.ACCEPTED: "info",
    UpdateStatus.DOWNLOADING: "primary",
    UpdateStatus.DOWNLOADED: "primary",
    UpdateStatus.INSTALLING: "primary",
    UpdateStatus.INSTALLED: "info",
    UpdateStatus.CONFIRMED: "success",
    UpdateStatus.FAILED: "danger",
    UpdateStatus.SKIPPED: "warning",
    UpdateStatus.CANCELLED: "",
}
LOG = {
    LogStatus.REQUESTED: "info",
    LogStatus.ACCEPTED: "info",
    LogStatus.UPLOADING: "primary",
    LogStatus.UPLOADED: "success",
    LogStatus.FAILED: "danger",
}
