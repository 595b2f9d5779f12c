using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Embeddings;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Serving;

/// <summary>A model in memory, warmed up and ready. Owns its sessions.</summary>
internal abstract class LoadedModel(InstalledModel installed) : IAsyncDisposable
{
    public InstalledModel Installed { get; } = installed;

    public string Name => Installed.Manifest.Name;

    public string Version => Installed.Manifest.Version;

    /// <summary>Hash of the model's files and the runtime: equal where the same request must give the same answer.</summary>
    public string Fingerprint { get; } = MakeFingerprint(installed.Manifest);

    public abstract ModelCard Card { get; }

    public abstract SchedulerLoad Load { get; }

    /// <summary>0 where no slots limit it.</summary>
    public abstract int Slots { get; }

    /// <summary>Tokens generated in the last seconds; 0 for an encoder.</summary>
    public virtual double TokensPerSecond => 0;

    public abstract ValueTask DisposeAsync();

    private static string MakeFingerprint(ModelManifest manifest)
    {
        var text = OrtEnv.Instance().GetVersionString()
            + string.Concat(manifest.Files.OrderBy(file => file.Name).Select(file => file.Sha256));
        return $"fp_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 5))}";
    }
}

/// <summary>A decoder with the scheduler that drives it.</summary>
internal sealed class LoadedDecoder(DecoderModel model, DecoderScheduler scheduler, int slots) : LoadedModel(model.Installed)
{
    private static readonly RequestIdentity WarmUp = new(Guid.Empty, 0, Guid.Empty);

    public DecoderModel Model { get; } = model;

    public DecoderScheduler Scheduler { get; } = scheduler;

    public override ModelCard Card => Installed.ToCard() with
    {
        ContextLength = Scheduler.MaxLength,
        Measure = Model.Measure,
    };

    public override SchedulerLoad Load => Scheduler.Load;

    public override int Slots { get; } = slots;

    public override double TokensPerSecond => Scheduler.TokensPerSecond;

    /// <summary>Generates two tokens, so that the first request finds everything allocated.</summary>
    /// <exception cref="InvalidOperationException">The model cannot generate.</exception>
    public async Task WarmUpAsync()
    {
        var length = Math.Clamp(Model.Manifest.WarmUpTokens, 1, Scheduler.MaxLength - 2);
        var plan = new ChoicePlan(new Sampling { Temperature = 0 }, ChoicesPerPrompt: 1, MaxOutput: 2, Seed: 0);
        var request = new GenerationRequest(WarmUp, [new int[length]], plan, ending: _ => { });
        if (Scheduler.TryEnqueue(request) is null)
        {
            await request.Ended;
        }

        if (request.Failure is not null || request.Units.Output == 0 && request.Queued is null)
        {
            throw new InvalidOperationException($"The model '{Name}' failed while it was warmed up; the log says why.");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await Scheduler.DisposeAsync();
        Model.Dispose();
    }
}

/// <summary>An embedding model.</summary>
internal sealed class LoadedEmbedder(EmbeddingModel model) : LoadedModel(model.Installed)
{
    public EmbeddingModel Model { get; } = model;

    public override ModelCard Card => Installed.ToCard() with { Measure = Model.Measure };

    public override SchedulerLoad Load => Model.Turns.Load;

    public override int Slots => 0;

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }
}
