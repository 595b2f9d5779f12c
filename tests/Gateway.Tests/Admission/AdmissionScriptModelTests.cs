using FsCheck;
using FsCheck.Fluent;
using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Redis;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Admission;

/// <summary>The script against a reference, over random clocks, costs, refunds, limits, leases
/// and epochs: every number equal, to the millisecond.</summary>
public sealed class AdmissionScriptModelTests
{
    private const string ClockLine = "local time = redis.call('TIME')";

    /// <summary>Half an hour before a month ends, so that both kinds of period turn.</summary>
    private static readonly long Start = new DateTimeOffset(2026, 11, 30, 23, 30, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Fact]
    public async Task Script_equals_the_reference_over_random_histories()
    {
        var server = await RedisServer.SharedAsync();
        // Thousands of calls one after the other, beside tests that use every core: a slow answer is not a wrong one.
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString, redis => redis.SyncTimeout = 60_000);
        var database = connection.GetDatabase();

        var property = Prop.ForAll(Arb.From(Histories(), Shrink), history => new Play(database).Run(history));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150).WithEndSize(60).WithQuietOnSuccess(true), property);
    }

    [Fact]
    public async Task A_request_that_lost_its_claim_ends_nobody_elses()
    {
        var server = await RedisServer.SharedAsync();
        using var connection = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        Step epoch = new(StepKind.NewEpoch, 5_000, 0, 0), claim = new(StepKind.Claim, 1, 1, 2), settle = new(StepKind.Settle, 1, 1, 0);

        // Swept, claimed by another, then settled by the first; and past its time, claimed by another, then swept alone.
        new Play(connection.GetDatabase()).Run([epoch, claim, new(StepKind.Sweep, 0, 0, 1), claim, settle, settle]);
        new Play(connection.GetDatabase()).Run(
            [epoch, claim, new(StepKind.Wait, 86_400_000, 0, 0), claim, new(StepKind.Sweep, 10_000, 0, 1), settle, settle]);
    }

    private static Gen<Step[]> Histories()
    {
        var step = Gen.Frequency(
            (6, Numbers(StepKind.Admit, 130, 1_000)),
            (4, Numbers(StepKind.Claim, 130, 1_000)),
            (3, Numbers(StepKind.Settle, 160, 100)),
            (2, Numbers(StepKind.Keep, 160, 100)),
            (1, Numbers(StepKind.Release, 100, 0)),
            (3, Gen.OneOf(Gen.Choose(0, 200), Gen.Choose(0, 70_000), Gen.Choose(0, 200_000_000), Gen.Choose(-5_000, -1))
                .Select(ms => new Step(StepKind.Wait, ms, 0, 0))),
            (1, Numbers(StepKind.Limit, 4, 300)),
            (2, Numbers(StepKind.Credit, 5_000, 0)),
            (2, Numbers(StepKind.Sweep, 60_000, 0)),
            (1, Numbers(StepKind.NewEpoch, 5_000, 0)));
        return step.ListOf().Select(steps => steps.ToArray());
    }

    private static Gen<Step> Numbers(StepKind kind, int first, int second) =>
        from one in Gen.Choose(0, first)
        from two in Gen.Choose(0, second)
        from pick in Gen.Choose(0, 1_000)
        select new Step(kind, one, two, pick);

    private static IEnumerable<Step[]> Shrink(Step[] history) =>
        Enumerable.Range(0, history.Length).Select(i => history.Where((_, at) => at != i).ToArray());

    private enum StepKind
    {
        Admit,

        /// <summary>An admission with one of a few idempotency keys.</summary>
        Claim,
        Settle,

        /// <summary>A settlement of a complete answer, kept or lost.</summary>
        Keep,
        Release,
        Wait,
        Limit,
        Credit,
        NewEpoch,
        Sweep,
    }

    private sealed record Step(StepKind Kind, int One, int Two, int Pick);

    /// <summary>One history, played to the script and to the reference.</summary>
    private sealed class Play
    {
        private static readonly string[] Owners = ["gateway-1/journal/1", "gateway-2/journal/1"];
        private readonly IDatabase _redis;
        private readonly string _clock = $"clock:{Guid.NewGuid():N}";
        private readonly string _script;
        private readonly string _sweep;
        private readonly string _credit = EmbeddedScript.Load("TillCredit.lua").Text;
        private readonly ReferenceOrganization _reference = new();
        private readonly Caller _caller;
        private readonly long[] _limits = [5, 40, 100, 200];
        private readonly RedisKey _hash;
        private long _now = Start;
        private int _requests;

        public Play(IDatabase redis)
        {
            _redis = redis;
            (_script, _sweep) = (WithOwnClock("Admission.lua"), WithOwnClock("Sweep.lua"));
            _caller = NewCaller();
            _hash = RedisNames.Organization(_caller.OrganizationId);
            _redis.HashSet(_hash,
            [
                new HashEntry(RedisNames.PolicyVersionField, _caller.Policy.Version.ToString("N")),
                new HashEntry(RedisNames.KeyVersionField(_caller.Key.PublicId), _caller.Key.Version.ToString("N")),
            ]);
        }

        public bool Run(Step[] history)
        {
            foreach (var step in history)
            {
                Do(step);
                Assert.Equal(_reference.Claims(_now), Claims(claim => long.Parse(claim.Value.Split(' ')[1]) > _now));
            }

            _redis.KeyDelete([_hash, $"{_clock}:s", $"{_clock}:us"]);
            return true;
        }

        private void Do(Step step)
        {
            switch (step.Kind)
            {
                case StepKind.Wait:
                    _now += step.One;
                    break;
                case StepKind.Limit:
                    _limits[step.One % _limits.Length] = step.Two;
                    break;
                case StepKind.Credit:
                    Credit(Math.Max(0, _reference.Epoch), (long)_reference.Granted + step.One);
                    break;
                case StepKind.NewEpoch:
                    Credit(_reference.Epoch + 1, step.One);
                    break;
                case StepKind.Sweep:
                    Sweep(step);
                    break;
                case StepKind.Admit or StepKind.Claim:
                    Admit(step);
                    break;
                default:
                    Settle(step);
                    break;
            }
        }

        private void Credit(long epoch, long granted)
        {
            _redis.ScriptEvaluate(_credit, [_hash], [epoch, granted, 1, 0, 0]);
            _reference.Credit(epoch, granted);
        }

        /// <summary>One to three admissions in one call, now and then the first of them once more, or a settlement with them.</summary>
        private void Admit(Step step)
        {
            var calls = Enumerable.Range(0, 1 + (step.Pick % 3)).Select(more => Call(step, more)).ToList();
            if (step.Pick % 5 == 0)
            {
                calls.Add(calls[0]);
            }

            Settlement[] riding = step.Pick % 4 == 0 ? [SettlementFor(step with { Kind = StepKind.Settle })] : [];
            var replies = AdmissionReply.ReadAll((RedisResult[])Evaluate(riding, calls)!);
            foreach (var settlement in riding)
            {
                _reference.Settle(settlement, _now);
            }

            foreach (var (call, reply) in calls.Zip(replies))
            {
                Compare(call, reply);
            }
        }

        private AdmissionCall Call(Step step, int more) => new(
            true, _caller, new Guid(++_requests, 0, 0, new byte[8]), Owners[step.Pick % 2], Table(), 1,
            step.One / (1 + more), step.Two * (1 + more))
        {
            Claim = step.Kind == StepKind.Admit
                ? null
                : new IdempotencyClaim(
                    $"i:0:{(step.Pick + (more / 2)) % 2}", $"body-{(step.Pick + more) % 9 / 8}",
                    _now - (step.Pick % 7 == 0 ? 30_001 : 30_000)),
        };

        private void Compare(AdmissionCall call, AdmissionReply reply)
        {
            var (verdict, binding, wait, claimedBy) = _reference.Admit(call, _now);

            Assert.Equal((verdict, binding, wait, claimedBy), (reply.Verdict, reply.Binding, reply.RetryInMs, reply.ClaimedBy));
            Assert.Equal(_now, reply.TimeMs);
            Assert.Equal(_reference.Epoch, reply.Epoch ?? -1);
            Assert.Equal(_reference.Free, reply.FreeNanoUsd);
            Assert.True(reply.FreeNanoUsd >= 0, "The till is overspent.");
            for (var i = 0; i < reply.Used.Length; i++)
            {
                Assert.Equal(_reference.Used(call.Limits.Buckets[i].Field, _now), reply.Used[i]);
            }
        }

        /// <summary>Settles or releases a hold, or now and then a request that has none; every settlement is sent twice.</summary>
        private void Settle(Step step)
        {
            var settlement = SettlementFor(step);
            Evaluate([settlement, settlement], []);
            Evaluate([settlement], []);
            _reference.Settle(settlement, _now);
        }

        private Settlement SettlementFor(Step step)
        {
            var holds = _reference.Holds.Order().ToList();
            var requestId = holds.Count == 0 || step.Pick > 900 ? Guid.NewGuid() : holds[step.Pick % holds.Count];
            var kind = step.Kind == StepKind.Settle ? SettlementKind.Settle
                : step.Pick % 2 == 0 ? SettlementKind.SettleKept : SettlementKind.SettleLost;
            return step.Kind == StepKind.Release
                ? new Settlement(SettlementKind.Release, _caller.OrganizationId, requestId, 0, 0)
                : new Settlement(
                    kind, _caller.OrganizationId, requestId, step.One, _reference.MoneyOf(requestId) * (step.Two % 101) / 100);
        }

        /// <summary>One of two gateways is silent, or both.</summary>
        private void Sweep(Step step)
        {
            var (living, age) = (step.Pick % 3 == 2 ? "nobody" : Owners[step.Pick % 3], step.One / 10);
            SetClock();
            _redis.ScriptEvaluate(_sweep, [_hash], [0, 500, age, living]);
            _redis.ScriptEvaluate(_sweep, [_hash], [0, 500, age, living]);
            _reference.Sweep(living, age, _now);
            Assert.Equal(_reference.Claims(_now), Claims(_ => true)); // What is past its time is gone.
        }

        private IEnumerable<(string Field, string Value)> Claims(Func<(string Field, string Value), bool> which) => _redis.HashGetAll(_hash)
            .Where(field => field.Name.StartsWith("i:"))
            .Select(field => (field.Name.ToString(), field.Value.ToString()))
            .Where(which)
            .OrderBy(claim => claim.Item1);

        private string WithOwnClock(string file)
        {
            var text = EmbeddedScript.Load(file).Text;
            var own = text.Replace(ClockLine, $"local time = redis.call('MGET', '{_clock}:s', '{_clock}:us')", StringComparison.Ordinal);
            Assert.NotEqual(text, own);
            return own;
        }

        private void SetClock() => _redis.StringSet([new($"{_clock}:s", _now / 1000), new($"{_clock}:us", _now % 1000 * 1000)]);

        private RedisResult Evaluate(IReadOnlyList<Settlement> settlements, IReadOnlyList<AdmissionCall> calls)
        {
            SetClock();
            return _redis.ScriptEvaluate(_script, [_hash], AdmissionScript.Arguments(settlements, calls));
        }

        private LimitTable Table()
        {
            var table = new LimitTable(_caller);
            table.Buckets.Add(new BucketLimit("b:rm:k:1", LimitLevel.Key, RateDimension.RequestsPerMinute, _limits[0]));
            table.Buckets.Add(new BucketLimit("b:rd:k:1", LimitLevel.Key, RateDimension.RequestsPerDay, _limits[1]));
            table.Buckets.Add(new BucketLimit("b:tm:o", LimitLevel.Organization, RateDimension.TokensPerMinute, _limits[2]));
            table.Buckets.Add(new BucketLimit("b:td:m:tiny assistant", LimitLevel.Model, RateDimension.TokensPerDay, _limits[3]));
            table.Concurrency.Add(new ConcurrencyLimit("c:p:1", LimitLevel.Project, 6));
            table.Budgets.Add(new BudgetLimit("g:d:k:1", LimitLevel.Key, Daily: true, 4_000));
            table.Budgets.Add(new BudgetLimit("g:m:o", LimitLevel.Organization, Daily: false, 6_000));
            return table;
        }

        private static Caller NewCaller()
        {
            var organizationId = Guid.NewGuid();
            var version = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
            var key = new KeyRecord
            {
                PublicId = "000000000000",
                KeyId = Guid.NewGuid(),
                OrganizationId = organizationId,
                ProjectId = Guid.NewGuid(),
                Version = version,
                State = KeyState.Active,
                Secrets = [],
                Limits = Limits.None,
            };
            var policy = new OrganizationPolicy
            {
                OrganizationId = organizationId,
                Version = version,
                Suspended = false,
                Limits = Limits.None,
                Projects = new Dictionary<string, Limits>(),
                Models = new Dictionary<string, Limits>(),
            };
            return new Caller(key, policy, OverlapEndsAt: null);
        }
    }
}
