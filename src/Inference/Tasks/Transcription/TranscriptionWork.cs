using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>
/// A recording that a model transcribes window by window; a cancel ends it between two tokens. The audio counts whole from its first turn
/// on, as a prompt does: silence in it is searched before the first window.
/// </summary>
internal sealed class TranscriptionWork(TranscriptionJob job, RequestScope scope) : UnaryRun(scope)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private long _audioMs;

    public override Units Units => new(0, AudioMs: Interlocked.Read(ref _audioMs));

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        using var place = job.Speech.Model.Turns.TryJoin(Scope.Identity.Party);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        using var deadline = job.Speech.LimitWait(place);
        try
        {
            return await TranscribeAsync(place, reply, cancellationToken);
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    private async Task<UnaryOutcome> TranscribeAsync(FairTurns.Place place, Reply reply, CancellationToken cancellationToken)
    {
        OpenAiError? refusal = null;
        TranscriptionAnswer? answer = null;
        var work = new SpeechWork(
            place,
            async cancelled =>
            {
                var (clip, error) = await DecodeAsync(cancelled);
                refusal = error;
                answer = clip is null ? null : new TranscriptionAnswer(job.Request, job.Speech.Model, clip.Milliseconds);
                return clip is null ? null : job.Speech.Model.Begin(clip, MakeOptions());
            },
            cancellationToken);
        while (refusal is null && work.Transcriber is not { IsDone: true })
        {
            var segments = await job.Speech.Model.Engine.WriteNextAsync(work);
            answer?.Add(segments, work.Transcriber!.Language);
            if (job.Request.Stream && answer is { HasNew: true })
            {
                await SendAsync(answer, reply, cancellationToken);
            }
        }

        return refusal is not null ? new UnaryOutcome.Refused(refusal)
            : job.Request.Stream ? EndStream(answer!, reply)
            : job.Request.AnswersPlainText ? new UnaryOutcome.ComputedText(answer!.ToText())
            : new UnaryOutcome.Computed(answer!.WriteTo);
    }

    /// <summary>Decodes the recording and counts it. In a turn, because decoding takes the processor too.</summary>
    private async Task<(AudioClip? Clip, OpenAiError? Refusal)> DecodeAsync(CancellationToken cancellationToken)
    {
        var (clip, fault) = await job.Speech.Decoder.DecodeAsync(
            job.Request.File.Bytes, job.Request.Container, job.Request.MostMs, cancellationToken);
        if (clip is null || clip.Milliseconds > job.Request.MostMs)
        {
            return (null, OpenAiError.InvalidAudio(
                clip is null ? fault : $"it is longer than {job.Request.MostMs / 1000} s, the most for a file of its size"));
        }

        var units = new Units(0, AudioMs: TranscriptionRequest.ToBilled(clip.Milliseconds));
        if (Scope.CheckHold(units) is { } aboveHold)
        {
            return (null, aboveHold);
        }

        Interlocked.Exchange(ref _audioMs, units.AudioMs);
        return (clip, null);
    }

    /// <summary>Sends the text of a window as soon as it is there; the <c>id:</c> of every event is the audio that the request is billed
    /// for.</summary>
    private async Task SendAsync(TranscriptionAnswer answer, Reply reply, CancellationToken cancellationToken)
    {
        if (!answer.HasBegun)
        {
            reply.BeginEvents(Units, queued: TimeSpan.Zero);
            Scope.NoteFirstToken();
        }

        using var events = reply.OpenEvents();
        events.Write(Units.AudioMs, answer, static (text, json) => text.WriteDelta(json));
        await events.FlushAsync(cancellationToken);
    }

    /// <summary>The last event follows when the worker's log has the units.</summary>
    private UnaryOutcome.Streamed EndStream(TranscriptionAnswer answer, Reply reply)
    {
        if (!answer.HasBegun)
        {
            reply.BeginEvents(Units, queued: TimeSpan.Zero);
        }

        return new UnaryOutcome.Streamed(async () =>
        {
            using var events = reply.OpenEvents();
            events.Write(Units.AudioMs, answer, static (text, json) => text.WriteDone(json));
            events.WriteDone(Units.AudioMs);
            await events.FlushAsync(reply.Gone);
        });
    }

    private TranscriptionOptions MakeOptions()
    {
        var (request, model) = (job.Request, job.Speech.Model);
        return new TranscriptionOptions(
            request.Language is { } code && model.Speech.IsMultilingual ? model.Speech.Languages[code] : null,
            request.Translate,
            model.EncodePrompt(request.Prompt),
            request.Temperature,
            request.Format is not (TranscriptionFormat.Json or TranscriptionFormat.Text),
            request.Words,
            request.Voice);
    }
}
