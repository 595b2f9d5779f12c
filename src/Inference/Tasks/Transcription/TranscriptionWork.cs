using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>
/// A recording that a model transcribes, one window a turn; a cancel ends it between two tokens. The audio counts whole from its first
/// turn on, as a prompt does: silence in it is searched before the first window.
/// </summary>
internal sealed class TranscriptionWork(TranscriptionJob job, RequestScope scope) : UnaryRun(scope)
{
    /// <summary>What a window costs beside its tokens, in tokens that take as long.</summary>
    private const int TokensPerWindow = 100;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private long _audioMs;

    public override Units Units => new(0, AudioMs: Interlocked.Read(ref _audioMs));

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        using var place = job.Speech.Model.Turns.TryJoin(Scope.Identity.Organization);
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
        Transcriber transcriber;
        TranscriptionAnswer answer;
        using (await place.TakeTurnAsync(cancellationToken)) // Decoding takes the processor too.
        {
            var (clip, fault) = await job.Speech.Decoder.DecodeAsync(
                job.Request.File.Bytes, job.Request.Container, job.Request.MostMs, cancellationToken);
            if (clip is null || clip.Milliseconds > job.Request.MostMs)
            {
                return new UnaryOutcome.Refused(OpenAiError.InvalidAudio(
                    clip is null ? fault : $"it is longer than {job.Request.MostMs / 1000} s, the most for a file of its size"));
            }

            var units = new Units(0, AudioMs: TranscriptionRequest.ToBilled(clip.Milliseconds));
            if (Scope.CheckHold(units) is { } aboveHold)
            {
                return new UnaryOutcome.Refused(aboveHold);
            }

            Interlocked.Exchange(ref _audioMs, units.AudioMs);
            answer = new TranscriptionAnswer(job.Request, job.Speech.Model, clip.Milliseconds);
            transcriber = await Task.Run(() => job.Speech.Model.Begin(clip, MakeOptions()), CancellationToken.None);
        }

        return job.Request.Stream
            ? await StreamAsync(place, transcriber, answer, reply, cancellationToken)
            : await AnswerAsync(place, transcriber, answer, cancellationToken);
    }

    private async Task<UnaryOutcome> AnswerAsync(
        FairTurns.Place place, Transcriber transcriber, TranscriptionAnswer answer, CancellationToken cancellationToken)
    {
        while (!transcriber.IsDone)
        {
            await TranscribeWindowAsync(place, transcriber, answer, cancellationToken);
        }

        return job.Request.AnswersPlainText
            ? new UnaryOutcome.ComputedText(answer.ToText())
            : new UnaryOutcome.Computed(answer.WriteTo);
    }

    /// <summary>Sends the text of each window as soon as it is there; the <c>id:</c> of every event is the audio that the request is billed
    /// for. The last event follows when the worker's log has the units.</summary>
    private async Task<UnaryOutcome> StreamAsync(
        FairTurns.Place place, Transcriber transcriber, TranscriptionAnswer answer, Reply reply, CancellationToken cancellationToken)
    {
        while (!transcriber.IsDone)
        {
            await TranscribeWindowAsync(place, transcriber, answer, cancellationToken);
            if (!answer.HasNew)
            {
                continue;
            }

            if (!answer.HasBegun)
            {
                reply.BeginEvents(Units, queued: TimeSpan.Zero);
                Scope.NoteFirstToken();
            }

            using var events = reply.OpenEvents();
            events.Write(Units.AudioMs, answer, static (text, json) => text.WriteDelta(json));
            await events.FlushAsync(cancellationToken);
        }

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

    private static async Task TranscribeWindowAsync(
        FairTurns.Place place, Transcriber transcriber, TranscriptionAnswer answer, CancellationToken cancellationToken)
    {
        using var turn = await place.TakeTurnAsync(cancellationToken);
        var segments = await Task.Run(() => transcriber.TranscribeNext(cancellationToken), CancellationToken.None);
        turn.Charge(TokensPerWindow + segments.Sum(segment => segment.Tokens.Count));
        answer.Add(segments, transcriber.Language);
    }

    private TranscriptionOptions MakeOptions()
    {
        var (request, model) = (job.Request, job.Speech.Model);
        return new TranscriptionOptions(
            request.Language is { } code && model.Speech.IsMultilingual ? model.Speech.Languages[code] : null,
            request.Translate,
            model.EncodePrompt(request.Prompt),
            request.Temperature,
            request.Format is not (TranscriptionFormat.Json or TranscriptionFormat.Text));
    }
}
