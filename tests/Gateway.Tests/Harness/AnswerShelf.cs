using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Idempotency;

namespace Tollgate.Gateway.Tests.Harness;

/// <summary>Billing's store of sealed answers, in memory; a test can take it away, hold it up, or look into it.</summary>
internal sealed class AnswerShelf
{
    private readonly ConcurrentDictionary<string, Kept> _kept = new();

    /// <summary>While true every question is answered with 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>What a look-up waits for once it has its answer.</summary>
    public Func<Task> AfterFind { get; set; } = () => Task.CompletedTask;

    /// <summary>What a keeping waits for.</summary>
    public Func<Task> BeforeKeep { get; set; } = () => Task.CompletedTask;


    /// <summary>Requests whose answers are refused from now on.</summary>
    public ConcurrentBag<string> Withdrawn { get; } = [];

    /// <summary>What lies in the store for an organization.</summary>
    public IReadOnlyList<Kept> Of(Guid organizationId) =>
        [.. _kept.Where(kept => kept.Key.Contains($"{organizationId:N}", StringComparison.Ordinal)).Select(kept => kept.Value)];

    /// <summary>Puts an answer there, as if its gateway had.</summary>
    public void Keep(Guid organizationId, Guid keyId, byte[] keyHash, Guid requestId) =>
        _kept[IdempotentAnswers.Path(organizationId, keyId, keyHash)["/internal/idempotency/".Length..]] =
            new Kept(requestId.ToString("N"), [1]);

    /// <summary>As after a day.</summary>
    public void Forget() => _kept.Clear();

    /// <summary>Changes one bit of everything that is kept.</summary>
    public void Damage()
    {
        foreach (var kept in _kept.Values)
        {
            kept.Sealed[^1] ^= 1;
        }
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/internal/idempotency/{**name}", async (string name, HttpResponse response) =>
        {
            var found = _kept.GetValueOrDefault(name);
            await AfterFind();
            if (IsAway)
            {
                return TypedResults.StatusCode(503);
            }

            response.Headers[IdempotentAnswers.RequestId] = found?.RequestId;
            return (IResult)(found is null ? TypedResults.NoContent() : TypedResults.Bytes(found.Sealed));
        });
        routes.MapPost("/internal/idempotency/{organization}/{key}/{hash}/withdrawal", (string organization, string key, string hash,
            HttpRequest request) =>
        {
            var requestId = request.Headers[IdempotentAnswers.RequestId].Single()!;
            if (IsAway)
            {
                return TypedResults.StatusCode(503);
            }

            if (_kept.GetValueOrDefault($"{organization}/{key}/{hash}")?.RequestId == requestId)
            {
                return TypedResults.Ok();
            }

            Withdrawn.Add(requestId);
            return (IResult)TypedResults.NoContent();
        });
        routes.MapPut("/internal/idempotency/{**name}", async (string name, HttpRequest request) =>
        {
            await BeforeKeep();
            var answer = new byte[request.ContentLength!.Value];
            await request.Body.ReadExactlyAsync(answer);
            return IsAway ? TypedResults.StatusCode(503)
                : (IResult)(_kept.TryAdd(name, new Kept(request.Headers[IdempotentAnswers.RequestId]!, answer))
                    ? TypedResults.Created() : TypedResults.Conflict());
        });
    }

    internal sealed record Kept(string RequestId, byte[] Sealed);
}
