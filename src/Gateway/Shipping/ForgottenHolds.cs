using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Redis;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Shipping;

/// <summary>
/// Looks in Redis for holds of this journal that the journal does not know. A request is journaled before its hold is made, so such a hold
/// proves that the journal's end was lost: its folder is an older copy, or the machine lost power.
/// </summary>
internal sealed partial class ForgottenHolds(
    TillSafety safety, RequestJournal requests, JournalFile journal, TimeProvider clock, ILogger<ForgottenHolds> logger)
{
    private const int FieldsAtOnce = 500;
    private static readonly TimeSpan PageEvery = TimeSpan.FromMilliseconds(5);
    private readonly EmbeddedScript _find = EmbeddedScript.Load("FindHolds.lua");
    private readonly RepeatedCondition _waits = new("The journal cannot be held against Redis", clock);
    private Task<bool>? _look;
    private bool _done;

    /// <summary>
    /// True once a hold proves that the journal has lost its end; Billing cannot know it where it had booked nothing of that end. Looks
    /// once a start, when the holds of earlier boots are settled, beside its caller: false until the look has ended. Used by one loop.
    /// </summary>
    public async Task<bool> ProveLossAsync(CancellationToken cancellationToken)
    {
        if (_done || requests.SettledTo() < journal.Began)
        {
            return false;
        }

        _look ??= AnyAsync(cancellationToken);
        if (!_look.IsCompleted)
        {
            return false;
        }

        var look = _look;
        _look = null;
        try
        {
            var hasForgotten = await look;
            _done = true;
            _waits.Ends(logger);
            return hasForgotten;
        }
        catch (Exception exception) when (exception is RedisUnavailableException or RedisException or OperationCanceledException)
        {
            if (_waits.Begins(exception.Message))
            {
                Log.Waits(logger, exception.Message);
            }

            return false;
        }
    }

    /// <summary>Whether there is such a hold. Looks at every organization once; call it after the holds of earlier boots are
    /// settled.</summary>
    /// <exception cref="RedisUnavailableException">The look ended early; nothing is known.</exception>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        var owner = $"{journal.GatewayId}/{journal.Id:N}/";
        foreach (var server in (await safety.Redis.ListServersAsync(cancellationToken)).Where(server => !server.IsReplica))
        {
            var cursor = "0";
            do
            {
                (cursor, var organizations) = await OrganizationScan.PageAsync(safety.Redis, server, cursor, cancellationToken);
                foreach (var organization in organizations)
                {
                    if (await AnyOfAsync(organization, owner, cancellationToken))
                    {
                        return true;
                    }
                }

                await Task.Delay(PageEvery, TimeProvider.System, cancellationToken); // Admissions come first.
            }
            while (cursor != "0");
        }

        return false;
    }

    private async Task<bool> AnyOfAsync(string organization, string owner, CancellationToken cancellationToken)
    {
        var cursor = "0";
        do
        {
            var answer = await _find.RunAsync(safety, organization, [cursor, FieldsAtOnce, owner], cancellationToken);
            cursor = (string)answer[0]!;
            foreach (var id in answer.Skip(1))
            {
                if (!requests.MayHold(Guid.ParseExact((string)id!, "N"))
                    && await ExistsAsync(organization, (string)id!, cancellationToken))
                {
                    return true;
                }
            }
        }
        while (cursor != "0");

        return false;
    }

    /// <summary>A hold that was settled since the script ran is gone by now: its request is forgotten after Redis' answer.</summary>
    private Task<bool> ExistsAsync(string organization, string id, CancellationToken cancellationToken) =>
        safety.Redis.CallAsync(new RedisCall("HEXISTS"), db => db.HashExistsAsync(organization, "h:" + id), cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The journal cannot be held against Redis yet: {Reason}")]
        public static partial void Waits(ILogger logger, string reason);
    }
}
