using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A recording that a speech model can transcribe.</summary>
internal sealed record TranscriptionJob(LoadedSpeech Speech, TranscriptionRequest Request) : ITaskJob
{
    public LoadedModel Model => Speech;

    public ITaskRun Begin(RequestScope scope) => new TranscriptionWork(this, scope);
}
