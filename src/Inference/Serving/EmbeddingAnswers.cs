using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Embeddings;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Serving;

/// <summary>Computes and writes the vectors; what was used is in the worker's log before the answer goes out.</summary>
internal sealed class EmbeddingAnswers(
    RunningRequests running, WitnessLog witness, Draining draining, HoldGuard guard, InferenceMetrics metrics, TimeProvider clock)
{
    private const string Operation = "embeddings";

    public async Task RunAsync(HttpContext context, LoadedEmbedder model, EmbeddingRequest request)
    {
        using var work = running.Enter();
        if (draining.Begun)
        {
            metrics.Refused(model.Name, "draining");
            await ErrorAnswer.WriteAsync(context, OpenAiError.Overloaded(TimeSpan.FromSeconds(1)));
            return;
        }

        var started = clock.GetTimestamp();
        model.Begin();
        try
        {
            var ids = model.Model.Encode(
                [.. request.Inputs.Select(input => input.Text is { } text ? EmbeddingInput.FromText(text)
                    : EmbeddingInput.FromIds(input.TokenIds!))]);
            if (guard.Check(context.Request, model.Name, new Units(ids.Sum(input => (long)input.Length))) is { } refusal)
            {
                await ErrorAnswer.WriteAsync(context, refusal);
                return;
            }

            var result = await model.Model.EmbedAsync(ids, context.RequestAborted);
            var units = new Units(result.TotalTokens);
            var identity = RequestIntake.Identify(context.Request, clock);
            witness.Append(identity.Id, identity.Attempt, identity.Organization, model.Name, units);
            metrics.Finished(model.Name, Operation, "ok", units, clock.GetElapsedTime(started));
            await WriteAsync(context, model, request, result, units);
        }
        catch (EmbeddingInputException exception)
        {
            metrics.Finished(model.Name, Operation, "failed", default, clock.GetElapsedTime(started));
            await ErrorAnswer.WriteAsync(context, new OpenAiError(400, "invalid_request_error", null, exception.Message, "input"));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            metrics.Finished(model.Name, Operation, "cancelled", default, clock.GetElapsedTime(started));
        }
        finally
        {
            model.End();
        }
    }

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
