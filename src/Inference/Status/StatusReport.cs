using Tollgate.Contracts.Workers;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Worker;

namespace Tollgate.Inference.Status;

/// <summary>The status of the worker, for gateways that poll it and for heartbeats.</summary>
internal sealed class StatusReport(
    IServedModels models, Draining draining, WorkerStart start, SessionFactory sessions, WorkerFolder folder)
{
    public WorkerStatus Current() => new(
        folder.WorkerId, start.Version, sessions.Provider.Name, draining.Begun, start.At, models.Status())
    {
        IsReading = !models.HasRead,
    };
}
