using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Idempotency;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Idempotency;

/// <summary>
/// Reads idempotency keys, finds the answers of earlier requests with the same one, and keeps new answers. Whether a request may run is
/// the admission script's to say: see <see cref="IdempotencyClaim"/>. Thread-safe.
/// </summary>
internal sealed partial class IdempotencyDesk(
    IOptions<KeyDirectoryOptions> keys, AnswerStoreClient store, TimeProvider clock, ILogger<IdempotencyDesk> logger)
{
    public const string Header = "Idempotency-Key";
    private const int LongestKey = 255;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private readonly IdempotencySecrets[] _secrets = [.. Peppers.Parse(keys.Value).Select(pepper => new IdempotencySecrets(pepper))];

    /// <summary>The key that a request came with, or the refusal of a malformed one; null when it came without.</summary>
    public static OrRefusal<string>? ReadKey(HttpRequest request)
    {
        var values = request.Headers[Header];
        if (values.Count == 0)
        {
            return null;
        }

        var key = values.Count == 1 ? values[0] : null;
        return key is { Length: > 0 and <= LongestKey } && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key : OpenAiError.InvalidIdempotencyKey();
    }

    /// <summary>What a key stands for, once the request was read.</summary>
    /// <param name="endpoint">Its scope name.</param>
    /// <param name="engine">The model in the path, or null.</param>
    /// <param name="form">The parts of a body that is a form: the same parts are the same request, whatever their boundary is.</param>
    public IdempotentRequest Identify(
        string key, Caller caller, string endpoint, string? engine, ReadOnlySpan<byte> body, RequestForm? form = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{endpoint}\0{engine}\0"));
        if (form is null)
        {
            hash.AppendData(body);
        }
        else
        {
            form.AppendTo(hash);
        }

        var digest = hash.GetHashAndReset();
        AnswerName[] names =
        [
            .. _secrets.Select(secrets => new AnswerName(caller.OrganizationId, caller.KeyId, secrets.HashKey(caller.KeyId, key))),
        ];
        return new IdempotentRequest(
            names, digest, new IdempotencyClaim(
                $"i:{caller.Key.PublicId}:{Base64Url.EncodeToString(names[0].KeyHash)}", _secrets[0].Fingerprint(digest),
                clock.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    /// <summary>Asks the store for the answer of an earlier request with the same key. Returns it, or why there is none to send; null when
    /// the store knows no such request.</summary>
    public async Task<OrRefusal<StoredAnswer>?> RecallAsync(IdempotentRequest asked)
    {
        try
        {
            for (var i = 0; i < asked.Names.Count; i++)
            {
                if (await store.FindAsync(asked.Names[i]) is { } found)
                {
                    return Judge(asked, found.RequestId, _secrets[i].Unseal(asked.Names[i], found.RequestId, found.Sealed));
                }
            }

            return null;
        }
        catch (HttpRequestException exception)
        {
            LogUnknown(logger, exception.Message);
            return OpenAiError.IdempotencyUnavailable(Soon);
        }
    }

    /// <summary>Keeps a whole answer, or that there was one. False when it is not known to be kept.</summary>
    public async Task<bool> KeepAsync(AnswerName name, Guid requestId, ReadOnlyMemory<byte> plain)
    {
        try
        {
            await store.KeepAsync(name, requestId, _secrets[0].Seal(name, requestId, plain.Span));
            return true;
        }
        catch (HttpRequestException exception)
        {
            LogNotKept(logger, requestId, exception.Message);
            return false;
        }
    }

    private OrRefusal<StoredAnswer> Judge(IdempotentRequest asked, Guid requestId, byte[]? plain)
    {
        var answer = plain is null ? null : StoredAnswer.Read(requestId, plain);
        if (answer is null)
        {
            LogUnreadable(logger, requestId);
            return OpenAiError.IdempotencyAnswerGone(requestId);
        }

        if (!CryptographicOperations.FixedTimeEquals(answer.Digest, asked.Digest))
        {
            return OpenAiError.IdempotencyMismatch(requestId);
        }

        return answer.Kind == AnswerKind.TooLarge ? OpenAiError.IdempotencyAnswerGone(requestId) : answer;
    }

    [LoggerMessage(1, LogLevel.Warning, "A request with an idempotency key was refused; the store of answers is away: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "The answer of request {RequestId} was not kept for its idempotency key: {Reason}")]
    private static partial void LogNotKept(ILogger logger, Guid requestId, string reason);

    [LoggerMessage(3, LogLevel.Error, "The kept answer of request {RequestId} cannot be read. Was its pepper removed?")]
    private static partial void LogUnreadable(ILogger logger, Guid requestId);
}
