using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Text of recordings.</summary>
internal sealed class TranscriptionTask : IModelTask
{
    public string Name => ModelTask.Transcription.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } =
        [new TranscriptionEndpoint(PublicEndpoint.AudioTranscriptions), new TranscriptionEndpoint(PublicEndpoint.AudioTranslations)];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new WhisperImporter()];

    public void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AudioOptions>, AudioOptionsValidator>();
        services.AddOptions<AudioOptions>().BindConfiguration(AudioOptions.Section).ValidateOnStart();
        services.AddSingleton<AudioDecoder>();
    }

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var queue = services.GetRequiredService<IOptions<QueueOptions>>().Value;
        var clock = services.GetRequiredService<TimeProvider>();
        var turns = new FairTurns(
            new QueuePlaces(queue.QueueLength, queue.QueueLengthPerOrganization), services.GetRequiredService<QuietOrganizations>(), clock);
        var model = await SpeechModel.LoadAsync(installed, services.GetRequiredService<SessionFactory>(), turns, cancellationToken);
        return new LoadedSpeech(model, services.GetRequiredService<AudioDecoder>(), queue.QueueTimeout, clock);
    }
}
