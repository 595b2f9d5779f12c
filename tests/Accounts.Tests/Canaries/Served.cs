using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.Canaries;

/// <summary>Workers and the versions that they state.</summary>
internal static class Served
{
    public static WorkerLine At(string worker, params ServedModel[] models) =>
        new(worker, $"http://{worker}:1", WorkerState.Ready, null, Registered: true, Status(worker, models));

    public static WorkerStatus Status(string worker, params ServedModel[] models) =>
        new(worker, "1", "cpu", false, DateTimeOffset.UnixEpoch, models);

    /// <param name="error">Of a broken version.</param>
    public static ServedModel Version(string model, string version, ModelState state = ModelState.Ready, string? error = null) => new(
        new ModelCard { Name = model, Version = version, Task = "chat", ContextLength = 1024, DefaultMaxOutput = 256 },
        state == ModelState.Ready, Active: 0, Queued: 0, Slots: 8)
    {
        State = state,
        Error = state == ModelState.Broken ? error : null,
        MemoryBytes = state == ModelState.Ready ? 300_000_000 : 0,
    };
}
