using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>A model in memory, warmed up and ready. Owns its sessions.</summary>
internal abstract class LoadedModel(InstalledModel installed) : IAsyncDisposable
{
    public InstalledModel Installed { get; } = installed;

    public string Name => Installed.Manifest.Name;

    public string Version => Installed.Manifest.Version;

    /// <summary>Hash of the model's files and the runtime: equal where the same request must give the same answer.</summary>
    public string Fingerprint { get; } = MakeFingerprint(installed.Manifest);

    public virtual ModelCard Card => Installed.ToCard();

    /// <summary>Requests that run or wait; a model that is replaced leaves memory when there are none.</summary>
    public abstract ModelLoad Load { get; }

    /// <summary>Most requests at once; 0 where no slots limit them.</summary>
    public virtual int Slots => 0;

    /// <summary>Tokens generated in the last seconds; 0 for a model that generates none.</summary>
    public virtual double TokensPerSecond => 0;

    /// <summary>Age of the last step while there is work; zero without work.</summary>
    public virtual TimeSpan Stalled => TimeSpan.Zero;

    /// <summary>Runs the shapes that requests will have: one row, and the largest batch. So the first request finds memory and kernels
    /// ready, and costs about what the next one does.</summary>
    /// <exception cref="OperationCanceledException">The time for it is over; the model serves all the same.</exception>
    /// <exception cref="Exception">The model does not run.</exception>
    public abstract Task WarmUpAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    private static string MakeFingerprint(ModelManifest manifest)
    {
        var text = OrtEnv.Instance().GetVersionString()
            + string.Concat(manifest.Files.OrderBy(file => file.Name).Select(file => file.Sha256));
        return $"fp_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 5))}";
    }
}
