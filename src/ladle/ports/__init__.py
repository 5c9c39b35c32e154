"""What Ladle asks of the world, as Protocols. Adapters: ``ladle.aws``, ``ladle.disk``, ``ladle.tools``.

Every adapter of a port passes the same contract suite in ``tests/contract``. Errors that a caller
must tell apart: Conflict (somebody wrote first), NotFound, Corrupt, Unavailable (try again).
"""

from __future__ import annotations

from ladle.experiments.pack import Placed
from ladle.ports.clock import Clock
from ladle.ports.handoff import (
    BundleStore,
    ReleaseAlarms,
    ReleaseVersions,
    StackReader,
    StoredCopy,
)
from ladle.ports.images import ImageBuilder, ImageManifest, ImageRegistry, ImageSource
from ladle.ports.jobs import JobEnd, JobReport, JobRequest, TrainingJobs
from ladle.ports.releases import (
    AlarmReader,
    AlarmReading,
    Announcer,
    CeilingReader,
    Delivered,
    FrontDoor,
    HomeRouter,
    LedTo,
    Message,
    ReleaseInbox,
    ReleaseLedger,
    Spent,
    TrafficRouter,
)
from ladle.ports.stores import (
    FileIndex,
    Health,
    ManifestStore,
    ObjectStore,
    Outbox,
    PackCatalogue,
    Progress,
    ReleaseCopies,
    ReleaseCopy,
    StoredObject,
    Upkeep,
)
from ladle.ports.tools import (
    Commit,
    DeployTool,
    ModelFacts,
    ModelInspector,
    Predictor,
    Replay,
    SourceControl,
    Stacks,
)
from ladle.ports.watching import (
    CounterStore,
    LabelStore,
    LoggedLine,
    LogReader,
    MetricSink,
    PredictionLog,
)
from ladle.ports.workspace import Workspace

__all__ = [
    "AlarmReader",
    "AlarmReading",
    "Announcer",
    "BundleStore",
    "CeilingReader",
    "Clock",
    "Commit",
    "CounterStore",
    "Delivered",
    "DeployTool",
    "FileIndex",
    "FrontDoor",
    "Health",
    "HomeRouter",
    "ImageBuilder",
    "ImageManifest",
    "ImageRegistry",
    "ImageSource",
    "JobEnd",
    "JobReport",
    "JobRequest",
    "LabelStore",
    "LedTo",
    "LogReader",
    "LoggedLine",
    "ManifestStore",
    "Message",
    "MetricSink",
    "ModelFacts",
    "ModelInspector",
    "ObjectStore",
    "Outbox",
    "PackCatalogue",
    "Placed",
    "PredictionLog",
    "Predictor",
    "Progress",
    "ReleaseAlarms",
    "ReleaseCopies",
    "ReleaseCopy",
    "ReleaseInbox",
    "ReleaseLedger",
    "ReleaseVersions",
    "Replay",
    "SourceControl",
    "Spent",
    "StackReader",
    "Stacks",
    "StoredCopy",
    "StoredObject",
    "TrafficRouter",
    "TrainingJobs",
    "Upkeep",
    "Workspace",
]
