using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Serving;

/// <summary>A request that a decoder can take, and how its answer is written.</summary>
internal sealed record AnswerJob
{
    public required LoadedDecoder Decoder { get; init; }

    /// <summary>Prompts as ids, none empty.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    public required ChoicePlan Plan { get; init; }

    /// <summary>Choices returned for each prompt: fewer than generated with <c>best_of</c>.</summary>
    public required int Kept { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Request member that a too long prompt is blamed on.</summary>
    public required string PromptMember { get; init; }

    /// <summary><c>chat</c> or <c>text_completion</c>, for metrics.</summary>
    public required string Operation { get; init; }

    /// <summary>Such as <c>chatcmpl-</c>.</summary>
    public required string IdPrefix { get; init; }

    public required Func<AnswerHead, AnswerFormat> Format { get; init; }
}

/// <summary>
/// Runs a request on a decoder and answers it, as one body or as events. Headers go out with the first event, after the prompt was read, so
/// that until then an error has a status and the gateway can go elsewhere. What was used is
/// in the worker's log before the answer's last byte goes out.
/// </summary>
internal sealed partial class Answers(
    RunningRequests running, WitnessLog witness, Draining draining, HoldGuard guard, InferenceMetrics metrics, TimeProvider clock,
    ILogger<Answers> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task RunAsync(HttpContext context, AnswerJob job)
    {
        using var answering = running.Enter();
        if (draining.Begun)
        {
            metrics.Refused(job.Decoder.Name, "draining");
            await ErrorAnswer.WriteAsync(context, OpenAiError.Overloaded(RetryAfter));
            return;
        }

        if ((FindMisfit(job) ?? guard.Check(context.Request, job.Decoder.Name, Wanted(job))) is { } misfit)
        {
            await ErrorAnswer.WriteAsync(context, misfit);
            return;
        }

        var started = clock.GetTimestamp();
        var identity = RequestIntake.Identify(context.Request, clock);
        var request = new GenerationRequest(identity, job.Prompts, job.Plan, request => Ended(request, job, started));
        var scheduler = job.Decoder.Scheduler;
        var work = new DecoderWork(request, scheduler);
        await running.AddAsync(work);
        try
        {
            if (scheduler.TryEnqueue(request) is { } refusal)
            {
                request.Refuse();
                await ErrorAnswer.WriteAsync(context, request.Cancelled ? ErrorAnswer.Cancelled() : refusal);
                return;
            }

            using var gone = context.RequestAborted.Register(() => scheduler.Cancel(request));
            var answer = new Answer(context, job, request, started);
            await (job.Stream ? StreamAsync(answer) : SendWholeAsync(answer));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Log.ClientGone(logger, identity.Id);
        }
        finally
        {
            scheduler.Cancel(request); // Does nothing unless the answer could not be written.
            await request.Ended;
            running.Remove(work);
        }
    }

    private static OpenAiError? FindMisfit(AnswerJob job)
    {
        var limit = job.Decoder.Scheduler.MaxLength;
        if (job.Plan.MaxOutput > limit)
        {
            return OpenAiError.ContextLengthExceeded(limit, job.Prompts.Max(prompt => prompt.Length), job.Plan.MaxOutput, job.PromptMember);
        }

        var room = job.Plan.MaxOutput == 0 ? 0 : 1;
        return job.Prompts.FirstOrDefault(prompt => prompt.Length + room > limit) is { } prompt
            ? OpenAiError.ContextLengthExceeded(limit, prompt.Length, 0, job.PromptMember)
            : null;
    }

    private static Units Wanted(AnswerJob job) => new(
        job.Prompts.Sum(prompt => (long)prompt.Length), Output: (long)job.Prompts.Count * job.Plan.ChoicesPerPrompt * job.Plan.MaxOutput);

    private AnswerFormat MakeFormat(Answer answer)
    {
        var job = answer.Job;
        var id = job.IdPrefix + answer.Request.Identity.Id.ToString("N");
        return job.Format(new AnswerHead(
            id, clock.GetUtcNow().ToUnixTimeSeconds(), job.Decoder.Name, job.Decoder.Fingerprint, job.Decoder.Model.Tokenizer));
    }

    private async Task SendWholeAsync(Answer answer)
    {
        var texts = new ChoiceTexts(answer.Request.Choices.Count);
        await foreach (var step in answer.Request.Events.ReadAllAsync())
        {
            if (texts.Add(step))
            {
                metrics.FirstToken(answer.Job.Decoder.Name, clock.GetElapsedTime(answer.Started));
            }
        }

        if (FindError(answer.Request) is { } error)
        {
            await ErrorAnswer.WriteAsync(answer.Context, error);
            return;
        }

        var choices = texts.Pick(answer.Request.Choices, answer.Job.Plan.ChoicesPerPrompt, answer.Job.Kept);
        var response = answer.Context.Response;
        response.ContentType = "application/json";
        SetHeaders(answer, answer.Request.Units);
        var body = AnswerJson.Write(json => MakeFormat(answer).WriteWhole(json, choices, answer.Request.Units));
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, answer.Context.RequestAborted);
    }

    private async Task StreamAsync(Answer answer)
    {
        var (context, request) = (answer.Context, answer.Request);
        using var stream = new EventStream(context.Response.BodyWriter);
        var chunks = new ChunkWriter(stream, MakeFormat(answer), request.Choices.Count);
        while (await request.Events.WaitToReadAsync())
        {
            if (!chunks.Begun)
            {
                context.Response.ContentType = "text/event-stream; charset=utf-8";
                context.Response.Headers.CacheControl = "no-cache";
                SetHeaders(answer, new Units(request.TotalPromptTokens));
                metrics.FirstToken(answer.Job.Decoder.Name, clock.GetElapsedTime(answer.Started));
            }

            while (request.Events.TryRead(out var step))
            {
                chunks.Write(step);
            }

            await stream.FlushAsync(context.RequestAborted);
        }

        if (FindError(request) is not { } error)
        {
            chunks.WriteEnd(request.Units);
            await stream.FlushAsync(context.RequestAborted);
        }
        else if (!chunks.Begun)
        {
            await ErrorAnswer.WriteAsync(context, error);
        }
        else if (request.Cancelled)
        {
            context.Abort(); // A stream that was cut off must not look like one that ended.
        }
        else
        {
            chunks.WriteError(error);
            await stream.FlushAsync(context.RequestAborted);
        }
    }

    private static OpenAiError? FindError(GenerationRequest request) =>
        request.Failure ?? (request.Cancelled ? ErrorAnswer.Cancelled() : null);

    private static void SetHeaders(Answer answer, Units units)
    {
        var headers = answer.Context.Response.Headers;
        headers[Units.Header] = units.ToString();
        headers[WorkerHeaders.QueueMs] = ((long)(answer.Request.Queued ?? default).TotalMilliseconds).ToString(
            System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>On a pool thread, when the last row has left and before the reader learns of it.</summary>
    private void Ended(GenerationRequest request, AnswerJob job, long started)
    {
        var (identity, units) = (request.Identity, request.Units);
        try
        {
            witness.Append(identity.Id, identity.Attempt, identity.Organization, job.Decoder.Name, units);
        }
        catch (IOException exception)
        {
            Log.NotWitnessed(logger, exception, identity.Id, units);
        }

        var outcome = request.Cancelled ? "cancelled" : request.Failure is null ? "ok" : "failed";
        metrics.Finished(job.Decoder.Name, job.Operation, outcome, units, clock.GetElapsedTime(started));
    }

    /// <summary>One answer on its way.</summary>
    private sealed record Answer(HttpContext Context, AnswerJob Job, GenerationRequest Request, long Started);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Request {Request}: the gateway has gone.")]
        public static partial void ClientGone(ILogger logger, Guid request);

        [LoggerMessage(2, LogLevel.Error, "Request {Request} used {Units} and could not be written to the witness log.")]
        public static partial void NotWitnessed(ILogger logger, Exception exception, Guid request, Units units);
    }
}
