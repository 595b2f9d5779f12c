using System.Reflection;

namespace Tollgate.Inference.Worker;

/// <summary>When this process began, and its version.</summary>
internal sealed class WorkerStart(TimeProvider clock)
{
    public DateTimeOffset At { get; } = clock.GetUtcNow();

    public string Version { get; } =
        typeof(WorkerStart).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
