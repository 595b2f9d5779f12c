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
        if (Scope.CheckHold(new Units(0, AudioMs: job.Request.BilledMs)) is { } aboveHold)
        {
            return new UnaryOutcome.Refused(aboveHold);
        }

        using var place = job.Speech.Model.Turns.TryJoin(Scope.Identity.Organization);
        if (place is null)
        {
            Scope.NoteRefusal("queue_full");
            return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
        }

        using var deadline = job.Speech.LimitWait(place);
        try
        {
            return job.Request.Stream ? await StreamAsync(place, reply, cancellationToken) : await AnswerAsync(place, cancellationToken);
        }
        catch (DisplacedException)
        {
            Scope.NoteRefusal("displaced");
            return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
        }
    }

    private async Task<UnaryOutcome> AnswerAsync(FairTurns.Place place, CancellationToken cancellationToken)
    {
        var answer = new TranscriptionAnswer(job.Request, job.Speech.Model);
        await TranscribeAsync(place, answer, after: null, cancellationToken);
        return job.Request.AnswersPlainText
            ? new UnaryOutcome.ComputedText(answer.ToText())
            : new UnaryOutcome.Computed(answer.WriteTo);
    }

    /// <summary>Sends the text of each window as soon as it is there. The last event follows when the worker's log has the units.</summary>
    private async Task<UnaryOutcome> StreamAsync(FairTurns.Place place, Reply reply, CancellationToken cancellationToken)
    {
        var answer = new TranscriptionAnswer(job.Request, job.Speech.Model);
        using var events = reply.OpenEvents();
        await TranscribeAsync(place, answer, SendAsync, cancellationToken);
        if (!answer.HasBegun)
        {
            reply.BeginEvents(Units, queued: TimeSpan.Zero);
        }

        return new UnaryOutcome.Streamed(async () =>
        {
            using var last = reply.OpenEvents();
            last.Write(0, answer, static (text, json) => text.WriteDone(json));
            last.WriteDone(0);
            await last.FlushAsync(reply.Gone);
        });

        async Task SendAsync()
        {
            if (!answer.HasNew)
            {
                return;
            }

            if (!answer.HasBegun)
            {
                reply.BeginEvents(Units, queued: TimeSpan.Zero);
                Scope.NoteFirstToken();
            }

            events.Write(0, answer, static (text, json) => text.WriteDelta(json));
            await events.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Transcribes window by window, each in a turn.</summary>
    /// <param name="after">Called after each; null for nothing.</param>
    private async Task TranscribeAsync(
        FairTurns.Place place, TranscriptionAnswer answer, Func<Task>? after, CancellationToken cancellationToken)
    {
        Transcriber? transcriber = null;
        do
        {
            using (var turn = await place.TakeTurnAsync(cancellationToken))
            {
                Interlocked.Exchange(ref _audioMs, job.Request.BilledMs);
                var segments = await Task.Run(
                    () =>
                    {
                        transcriber ??= job.Speech.Model.Begin(job.Clip, MakeOptions());
                        return transcriber.IsDone ? [] : transcriber.TranscribeNext(cancellationToken);
                    },
                    CancellationToken.None);
                turn.Charge(TokensPerWindow + segments.Sum(segment => segment.Tokens.Count));
                answer.Add(segments, transcriber!.Language);
            }

            await (after?.Invoke() ?? Task.CompletedTask);
        }
        while (!transcriber!.IsDone);
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
