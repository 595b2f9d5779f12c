using Tollgate.Chaos.Tests.Faults;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;

namespace Tollgate.Chaos.Tests.Truth;

/// <summary>The judge must be able to convict: each promise broken by hand is found.</summary>
public sealed class CallAuditTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Request = new("01a21025-bdc2-7d42-8742-9c39a50ffdca");
    private readonly Witnesses _witnesses = new();
    private readonly CallRecord _call = new()
    {
        Number = 1, Key = new Customer(Guid.Empty, Guid.Empty, "rich", 5, true).AddKey(Guid.Empty, null, out _),
        Gateway = "http://gateway", GatewayName = "gateway-1",
        Kind = "chat stream", StartedAt = Noon, EndedAt = Noon.AddSeconds(1), RequestId = Request, Status = 200,
        Received = new Units(0, Output: 10), ReceivedAnything = true, Usage = new Units(5, Output: 10), End = CallEnd.Whole,
    };

    private readonly BilledRow _row = new(
        Request, 0, default, 1, new Units(5, Output: 10), Delivered: 10, Outcome.Completed, UsageSource.Gateway, 0.01m,
        Noon, Noon.AddSeconds(1));

    public CallAuditTests() => _witnesses.Add(Request, 1, new Units(5, Output: 10));

    [Fact]
    public void Check_finds_nothing_when_all_three_agree() => Assert.Empty(Judge(_call, _row));

    [Fact]
    public void Check_finds_a_call_without_a_row() => Assert.Equal(CallAudit.Missing, Assert.Single(Judge(_call)).Invariant);

    [Fact]
    public void Check_finds_a_row_below_what_was_delivered()
    {
        _call.Received = new Units(0, Output: 11);

        Assert.Contains(Judge(_call, _row), violation => violation.Invariant == CallAudit.Under);
    }

    [Fact]
    public void Check_finds_a_row_above_what_was_generated()
    {
        _witnesses.Add(Request, 1, new Units(5, Output: 9));

        Assert.Equal(CallAudit.Over, Assert.Single(Judge(_call, _row)).Invariant);
    }

    [Fact]
    public void Check_finds_cached_tokens_that_are_billed_as_computed_ones()
    {
        _witnesses.Add(Request, 1, new Units(2, Cached: 3, Output: 10));

        Assert.Equal(CallAudit.Over, Assert.Single(Judge(_call, _row)).Invariant);
        _call.Usage = new Units(2, Cached: 3, Output: 10);
        Assert.Empty(Judge(_call, _row with { Units = new Units(2, Cached: 3, Output: 10) }));
        Assert.Contains(
            Judge(_call, _row with { Units = new Units(1, Cached: 4, Output: 10) }),
            violation => violation.Invariant == "a whole answer's usage is its row's");
    }

    [Fact]
    public void Check_takes_a_row_without_a_witness_only_while_a_worker_is_killed()
    {
        var row = _row with { Attempt = 2 };
        var kill = new Injected(new Fault(default, FaultKind.KillWorker, 0, default), "worker-1", Noon, Noon.AddSeconds(1));
        var audit = new CallAudit([_call], [row], _witnesses, [kill]);

        Assert.Equal(CallAudit.Over, Assert.Single(Judge(_call, row)).Invariant);
        Assert.Empty(audit.Check());
        Assert.Equal(1, audit.Unwitnessed);
    }

    [Fact]
    public void Check_takes_a_row_below_what_was_delivered_only_of_a_journal_copied_while_the_call_ran()
    {
        var row = _row with { Units = default, Delivered = 0, Outcome = Outcome.GatewayDied, Source = UsageSource.Recovery };
        var restored = new Injected(
            new Fault(default, FaultKind.RestoreJournal, 0, default), "gateway-1", Noon.AddMilliseconds(500), Noon.AddSeconds(2),
            Noon.AddMilliseconds(600));
        var audit = new CallAudit([_call], [row], _witnesses, [restored]);

        Assert.Contains(Judge(_call, row), violation => violation.Invariant == CallAudit.Under);
        Assert.Empty(audit.Check());
        Assert.Equal(1, audit.Copied);
        Assert.NotEmpty(new CallAudit([_call], [row], _witnesses, [restored with { CopiedAt = Noon }]).Check());
    }

    [Fact]
    public void Check_finds_a_call_that_is_billed_in_another_class()
    {
        var row = _row with { ServiceClass = ServiceClass.Batch };

        Assert.Equal(CallAudit.Class, Assert.Single(Judge(_call, row)).Invariant);
        Assert.Empty(Judge(_call with { InternalGateway = "http://inside" }, row));
        Assert.Equal(CallAudit.Class, Assert.Single(Judge(_call with { InternalGateway = "http://inside" }, _row)).Invariant);
    }

    public static TheoryData<string> Media => ["audio", "images", "pixels", "steps", "calls", "elements"];

    /// <summary>A recording, a picture and its pixels are delivered, billed and computed as tokens are.</summary>
    [Theory]
    [MemberData(nameof(Media))]
    public void Check_finds_media_that_were_billed_too_low_or_too_high(string unit)
    {
        var (call, row) = (_call with { Received = Of(2), Usage = null }, _row with { Units = Of(2), Delivered = 0 });

        Assert.Empty(JudgeMedia(call, row, computed: 2));
        Assert.Equal(CallAudit.Under, JudgeMedia(call, row with { Units = Of(1) }, computed: 2));
        Assert.Equal(CallAudit.Over, JudgeMedia(call, row, computed: 1));

        Units Of(long count) => unit switch
        {
            "audio" => new Units(0, AudioMs: count * 1000),
            "images" => new Units(0, Images: count),
            "pixels" => new Units(0, Pixels: count),
            "calls" => new Units(0, Calls: count),
            "elements" => new Units(0, Elements: count),
            _ => new Units(0, Steps: count),
        };

        string JudgeMedia(CallRecord seen, BilledRow billed, long computed)
        {
            _witnesses.Add(Request, 1, Of(computed));
            return Judge(seen, billed).SingleOrDefault()?.Invariant ?? "";
        }
    }

    [Fact]
    public void Check_finds_an_answer_that_states_other_pictures_than_are_billed()
    {
        var (call, row) = (_call with { Received = default, Usage = new Units(0, Images: 1, Pixels: 64) }, _row with { Delivered = 0 });
        _witnesses.Add(Request, 1, new Units(0, Images: 1, Pixels: 65));

        Assert.Empty(Judge(call, row with { Units = new Units(0, Images: 1, Pixels: 64) }));
        Assert.Single(Judge(call, row with { Units = new Units(0, Images: 1, Pixels: 65) }));
    }

    [Fact]
    public void Check_finds_a_row_of_other_pictures_than_its_caller_sent()
    {
        var sent = new Units(0, Images: 1, Pixels: 64);
        var (call, row) = (_call with { Received = default, Usage = null, Sent = sent }, _row with { Units = sent, Delivered = 0 });
        _witnesses.Add(Request, 1, new Units(0, Images: 2, Pixels: 128));

        Assert.Empty(Judge(call, row));
        Assert.Single(Judge(call, row with { Units = sent with { Pixels = 63 } }));
        Assert.Single(Judge(call, row with { Units = sent with { Images = 2, Pixels = 128 } }));
        Assert.Empty(Judge(call with { End = CallEnd.Left }, row with { Units = default }));
    }

    [Fact]
    public void Check_finds_a_row_that_another_organization_pays()
    {
        var other = _row with { To = new BilledTo(Guid.NewGuid(), Guid.Empty, Guid.Empty) };

        Assert.Equal(CallAudit.Tenant, Assert.Single(Judge(_call, other)).Invariant);
    }

    [Fact]
    public void Check_takes_a_row_of_a_workers_log_that_names_the_organization_alone()
    {
        var (project, key) = (Guid.NewGuid(), Guid.NewGuid());
        var call = _call with { Key = new Customer(Guid.Empty, project, "rich", 5, true).AddKey(key, null, out _) };
        var whole = _row with { To = new BilledTo(Guid.Empty, project, key) };

        Assert.Empty(Judge(call, _row with { Source = UsageSource.Worker }));
        Assert.Equal(CallAudit.Tenant, Assert.Single(Judge(call, _row)).Invariant);
        Assert.Empty(Judge(call, whole));
        Assert.Equal(CallAudit.Tenant, Assert.Single(Judge(call, whole with { Source = UsageSource.Worker })).Invariant);
    }

    [Fact]
    public void Check_finds_a_refusal_that_costs_something()
    {
        (_call.Status, _call.End, _call.Received, _call.SaysWhenToRetry) = (503, CallEnd.Refused, default, true);

        Assert.Single(Judge(_call, _row));
    }

    [Fact]
    public void Check_finds_a_server_error()
    {
        (_call.Status, _call.End, _call.Received) = (500, CallEnd.Refused, default);

        Assert.Single(Judge(_call));
    }

    [Fact]
    public void Check_finds_an_idempotency_key_that_was_answered_twice_but_for_a_fault_that_made_it_forgotten()
    {
        var other = Guid.NewGuid();
        _witnesses.Add(other, 1, new Units(5, Output: 10));
        var (first, second) = (Keyed(Request, null), Keyed(other, null));
        BilledRow[] rows = [_row, _row with { RequestId = other }];
        var wiped = new Injected(new Fault(default, FaultKind.WipeRedis, 0, default), "redis", Noon, Noon.AddSeconds(1));

        Assert.Equal(CallAudit.Twice, Assert.Single(new CallAudit([first, second], rows, _witnesses, []).Check()).Invariant);
        Assert.Empty(new CallAudit([first, second], rows, _witnesses, [wiped]).Check());
        Assert.Empty(new CallAudit([first, Keyed(other, Request)], [_row], _witnesses, []).Check());
        Assert.NotEmpty(new CallAudit([first, Keyed(other, Request)], rows, _witnesses, [wiped]).Check());
    }

    private CallRecord Keyed(Guid request, Guid? replayOf) => new()
    {
        Number = 2, Key = _call.Key, Gateway = _call.Gateway, GatewayName = _call.GatewayName, Kind = "chat keyed", StartedAt = Noon,
        EndedAt = Noon.AddSeconds(1), RequestId = request, Status = 200, Received = new Units(0, Output: 10), ReceivedAnything = true,
        Usage = new Units(5, Output: 10), End = CallEnd.Whole, IdempotencyKey = "one", ReplayOf = replayOf,
    };

    private IReadOnlyList<Violation> Judge(CallRecord call, params BilledRow[] rows) => new CallAudit([call], rows, _witnesses, []).Check();
}
