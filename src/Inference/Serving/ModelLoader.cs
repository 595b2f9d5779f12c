using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Embeddings;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Serving;

/// <summary>Brings installed models into memory and warms them up.</summary>
internal sealed class ModelLoader(
    SessionFactory sessions, IOptions<GenerationOptions> options, InferenceMetrics metrics, TimeProvider clock,
    ILogger<DecoderScheduler> logger)
{
    /// <exception cref="Import.ModelImportException">The version is damaged or of an unknown task.</exception>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public async Task<LoadedModel> LoadAsync(InstalledModel installed, CancellationToken cancellationToken) =>
        installed.Manifest.Task switch
    {
        ModelTasks.Chat => await LoadDecoderAsync(installed, cancellationToken),
        ModelTasks.Embeddings => new LoadedEmbedder(await EmbeddingModel.LoadAsync(installed, sessions, cancellationToken, options.Value)),
        var task => throw new Import.ModelImportException(
            $"The model '{installed.Manifest.Name}' has the task '{task}', which this worker does not know."),
    };

    private async Task<LoadedModel> LoadDecoderAsync(InstalledModel installed, CancellationToken cancellationToken)
    {
        var model = await DecoderModel.LoadAsync(installed, sessions, clock, cancellationToken);
        var scheduler = new DecoderScheduler(new DecoderScope
        {
            Model = installed.Manifest.Name,
            Session = model.Session,
            Size = model.Shape,
            MaxLength = model.ContextLength,
            Tokenizer = model.Tokenizer,
            IsEnd = model.IsEnd,
            Options = installed.Manifest.Batching ? options.Value : options.Value.Unbatched(),
            Metrics = metrics,
            Clock = clock,
            Logger = logger,
        });
        var loaded = new LoadedDecoder(model, scheduler, installed.Manifest.Batching ? options.Value.Slots : 1);
        try
        {
            await loaded.WarmUpAsync();
            return loaded;
        }
        catch
        {
            await loaded.DisposeAsync();
            throw;
        }
    }
}
