using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Embeddings;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Serving;

/// <summary>Computes and writes the vectors; what was used is in the worker's log before the answer goes out.</summary>
internal sealed class EmbeddingAnswers(
    RunningRequests running, WitnessLog witness, Draining draining, HoldGuard guard, InferenceMetrics metrics,
    IOptions<GenerationOptions> options, TimeProvider clock)
{
    private const string Operation = "embeddings";
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task RunAsync(HttpContext context, LoadedEmbedder model, EmbeddingRequest request)
    {
        using var answering = running.Enter();
        var identity = RequestIntake.Identify(context.Request, clock);
        if (Join(model, identity) is not { } place)
        {
            await ErrorAnswer.WriteAsync(context, OpenAiError.Overloaded(RetryAfter));
            return;
        }

        using var work = new EmbeddingWork(identity.Id, context.RequestAborted);
        using (place)
        {
            await running.AddAsync(work);
            try
            {
                await EmbedAsync(context, model, request, new Running(identity, work, place));
            }
            finally
            {
                running.Remove(work);
            }
        }
    }

    /// <summary>A place in the model's line; null when there is none to be had.</summary>
    private FairTurns.Place? Join(LoadedEmbedder model, RequestIdentity identity)
    {
        if (draining.Begun)
        {
            metrics.Refused(model.Name, "draining");
            return null;
        }

        var place = model.Model.Turns.TryJoin(identity.Organization);
        if (place is null)
        {
            metrics.Refused(model.Name, "queue_full");
        }

        return place;
    }

    private async Task EmbedAsync(HttpContext context, LoadedEmbedder model, EmbeddingRequest request, Running run)
    {
        var started = clock.GetTimestamp();
        EmbeddingResult? result = null;
        OpenAiError? error = null;
        try
        {
            using var deadline = clock.CreateTimer(
                static state => ((FairTurns.Place)state!).Displace(), run.Place, options.Value.QueueTimeout, Timeout.InfiniteTimeSpan);
            result = await model.Model.EmbedAsync(
                [.. request.Inputs.Select(input => input.Text is { } text ? EmbeddingInput.FromText(text)
                    : EmbeddingInput.FromIds(input.TokenIds!))],
                run.Place,
                tokens => (error = guard.Check(context.Request, model.Name, new Units(tokens))) is null,
                run.Work.Ran,
                run.Work.Token);
        }
        catch (EmbeddingInputException exception)
        {
            error = new OpenAiError(400, "invalid_request_error", null, exception.Message, "input");
        }
        catch (DisplacedException)
        {
            metrics.Refused(model.Name, "displaced");
            error = OpenAiError.Overloaded(RetryAfter);
        }
        catch (OperationCanceledException) when (run.Work.Token.IsCancellationRequested)
        {
            error = ErrorAnswer.Cancelled();
        }
        finally
        {
            End(model, run, result is not null ? "ok" : run.Work.Token.IsCancellationRequested ? "cancelled" : "failed", started);
        }

        if (!context.RequestAborted.IsCancellationRequested)
        {
            await (result is not null ? WriteAsync(context, model, request, result, run.Work.Units) : ErrorAnswer.WriteAsync(context, error!));
        }
    }

    /// <summary>What was computed goes to the log, whether or not there is an answer, and before it.</summary>
    private void End(LoadedEmbedder model, Running run, string outcome, long started)
    {
        try
        {
            if (run.Work.Units != default)
            {
                var (identity, units) = (run.Identity, run.Work.Units);
                witness.Append(identity.Id, identity.Attempt, identity.Organization, model.Name, units);
            }

            metrics.Finished(model.Name, Operation, outcome, run.Work.Units, clock.GetElapsedTime(started));
        }
        finally
        {
            run.Work.End();
        }
    }

    /// <summary>One request on its way.</summary>
    private sealed record Running(RequestIdentity Identity, EmbeddingWork Work, FairTurns.Place Place);

    private static async Task WriteAsync(
        HttpContext context, LoadedEmbedder model, EmbeddingRequest request, EmbeddingResult result, Units units)
    {
        var response = context.Response;
        response.ContentType = "application/json";
        response.Headers[Units.Header] = units.ToString();
        response.Headers[WorkerHeaders.QueueMs] = "0";
        var body = AnswerJson.Write(json => WriteList(json, model.Name, request.Base64, result));
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static void WriteList(Utf8JsonWriter json, string model, bool base64, EmbeddingResult result)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < result.Vectors.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", index);
            WriteVector(json, result.Vectors[index], base64);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", result.TotalTokens);
        json.WriteNumber("total_tokens", result.TotalTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteVector(Utf8JsonWriter json, float[] vector, bool base64)
    {
        if (base64)
        {
            json.WriteBase64String("embedding", MemoryMarshal.AsBytes(vector.AsSpan())); // Little-endian, as every machine we run on.
            return;
        }

        json.WriteStartArray("embedding");
        foreach (var number in vector)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
