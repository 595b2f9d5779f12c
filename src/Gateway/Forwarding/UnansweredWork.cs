using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Gateway.Redis;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Decides who pays for work that gave its client no answer. Each organization is forgiven some of it a minute, counted over all gateways
/// in the organization's hash; a request that does not fit in what is left is billed whole. Thread-safe.
/// </summary>
internal sealed partial class UnansweredWork(
    TillSafety till, IOptions<ForwardingOptions> options, ILogger<UnansweredWork> logger)
{
    private readonly EmbeddedScript _script = EmbeddedScript.Load("UnansweredWork.lua");

    /// <summary>What units weigh in the allowance, tokens: a second of audio 50, 256 pixels 1 and an image at least 1, a denoiser step
    /// 256, a call with tensors 16 and 64 of their elements 1.</summary>
    public static long Weigh(Units units) => units.Prompt + units.Completion + (units.AudioMs / 20) + units.Images + (units.Pixels / 256)
        + (units.Steps * 256) + (units.Calls * 16) + (units.Elements / 64);

    /// <summary>Takes <paramref name="computed"/> out of the organization's allowance. False when it does not fit: bill it. A gateway that
    /// dies between this and the request's CLOSE has used up allowance and bills nothing.</summary>
    /// <param name="computed">All zero is always forgiven.</param>
    public async Task<bool> ForgivesAsync(Guid organizationId, Units computed)
    {
        var tokens = Weigh(computed);
        if (tokens == 0)
        {
            return true;
        }

        try
        {
            var reply = await _script.RunAsync(
                till, RedisNames.Organization(organizationId), [tokens, options.Value.ForgivenTokensPerMinute], CancellationToken.None);
            return (long)reply[0] == 1;
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException)
        {
            // Without Redis nothing new is admitted, so that what is forgiven here is bounded by what runs.
            Log.Forgiven(logger, tokens, exception.Message);
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Tokens} tokens without an answer are not billed: {Reason}")]
        public static partial void Forgiven(ILogger logger, long tokens, string reason);
    }
}
