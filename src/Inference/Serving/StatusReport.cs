using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Serving;

/// <summary>What the worker says of itself, to those who ask and to Accounts.</summary>
internal sealed class StatusReport(
    ServedModels models, Draining draining, WorkerStart start, SessionFactory sessions, IOptions<WorkerOptions> options)
{
    public WorkerStatus Current() => new(
        options.Value.Id, start.Version, sessions.Provider.Name, draining.Begun, start.At, models.Status());
}
