using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Tasks;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>A task whose models are loaded when the test lets them.</summary>
internal sealed class GatedTask : IModelTask
{
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => "gated";

    public IReadOnlyList<ITaskEndpoint> Endpoints => [];

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        await Gate.Task.WaitAsync(cancellationToken);
        return new WordCounter(installed);
    }

    public static async Task InstallAsync(string repository, string name)
    {
        using var draft = new ModelStore(repository).Begin(name);
        await draft.InstallAsync((version, files) => new ModelManifest
        {
            Name = name,
            Version = version,
            Task = "gated",
            Source = new ModelSource("none", "none", ""),
            Created = DateTimeOffset.UnixEpoch,
            Files = files,
            Graph = "none",
            Limits = new ModelLimits(100, 0),
        }, CancellationToken.None);
    }
}
