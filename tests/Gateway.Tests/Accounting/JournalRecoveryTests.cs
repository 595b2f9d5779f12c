using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Tests.Journal;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Accounting;

/// <summary>What a start finds after a death at each point of a request's life: the
/// journal is left as it is, unclosed, and opened again.</summary>
public sealed class JournalRecoveryTests
{
    private readonly string _folder = TestFolder.Create("journal");

    [Fact]
    public void Recover_releases_a_request_that_died_between_OPEN_and_ADMITTED()
    {
        var (requestId, organizationId) = (Guid.NewGuid(), Guid.NewGuid());
        Live((_, requests) => requests.TryOpen(requestId, organizationId));

        var (ended, settlements) = Restart();

        Assert.Empty(ended);
        var release = Assert.Single(settlements.Take(organizationId, 10));
        Assert.Equal((SettlementKind.Release, requestId), (release.Kind, release.RequestId));
    }

    [Fact]
    public void Recover_charges_nothing_without_progress()
    {
        AdmittedRequest request = null!;
        Live((_, requests) =>
        {
            request = JournalFileTests.Admit(requests);
            requests.StartAttempt(request.RequestId, 1);
        });

        var (ended, settlements) = Restart();

        var row = Assert.Single(ended);
        Assert.Equal((Outcome.GatewayDied, default(Units), 1), (row.End.Outcome, row.End.Charged, row.End.Attempt));
        Assert.Equal(UsageSource.Recovery, row.End.Source);
        Assert.Equal(0, Assert.Single(settlements.Take(request.OrganizationId, 10)).CostNanoUsd);
    }

    [Fact]
    public void Recover_charges_the_prompt_when_prefill_is_known_done()
    {
        Live((_, requests) => requests.Progress(JournalFileTests.Admit(requests).RequestId, new Units(40)));

        var (ended, _) = Restart();

        Assert.Equal(new Units(40), Assert.Single(ended).End.Charged);
    }

    [Fact]
    public void Recover_charges_the_last_progress()
    {
        AdmittedRequest request = null!;
        Live((_, requests) =>
        {
            request = JournalFileTests.Admit(requests);
            requests.StartAttempt(request.RequestId, 2);
            requests.Progress(request.RequestId, new Units(40));
            requests.Progress(request.RequestId, new Units(40, Output: 3));
            requests.Progress(request.RequestId, new Units(40, Output: 7));
        });

        var (ended, settlements) = Restart();

        var row = Assert.Single(ended);
        Assert.Equal((new Units(40, Output: 7), 7L, 2), (row.End.Charged, row.End.Delivered, row.End.Attempt));
        Assert.Equal(31, Assert.Single(settlements.Take(request.OrganizationId, 10)).CostNanoUsd); // 40 × 0.5 + 7 × 1.5 = 30.5, rounded up
    }

    [Fact]
    public void Recover_settles_again_what_was_closed_but_not_marked_as_settled()
    {
        AdmittedRequest request = null!;
        Live((_, requests) =>
        {
            request = JournalFileTests.Admit(requests);
            requests.Close(
                request, new RequestEnd(Outcome.Completed, 1, UsageSource.Gateway, DateTimeOffset.UnixEpoch, 9, new Units(40, Output: 9)));
        });

        var (ended, settlements) = Restart();

        Assert.Equal(Outcome.Completed, Assert.Single(ended).End.Outcome);
        Assert.Equal(49, Assert.Single(settlements.Take(request.OrganizationId, 10)).Tokens);
    }

    [Fact]
    public void Recover_keeps_what_was_computed_for_nothing_in_the_token_buckets()
    {
        AdmittedRequest request = null!;
        Live((_, requests) =>
        {
            request = JournalFileTests.Admit(requests);
            requests.Close(
                request,
                new RequestEnd(Outcome.ClientLeftBeforeFirstToken, 1, UsageSource.Gateway, DateTimeOffset.UnixEpoch, 0, default)
                {
                    RateTokens = 300,
                });
        });

        var (ended, settlements) = Restart();

        Assert.Equal(default, Assert.Single(ended).End.Charged);
        var settlement = Assert.Single(settlements.Take(request.OrganizationId, 10));
        Assert.Equal((300L, 0L), (settlement.Tokens, settlement.CostNanoUsd));
    }

    [Fact]
    public void A_record_of_an_earlier_version_keeps_what_it_charged_in_the_token_buckets()
    {
        Span<byte> payload = stackalloc byte[128];
        var writer = new RecordWriter(payload);
        new RequestEnd(Outcome.Completed, 1, UsageSource.Gateway, DateTimeOffset.UnixEpoch, 9, new Units(40, Output: 9)).Write(ref writer);
        var earlier = new RecordReader(writer.Written[..^1]); // 49 takes one byte.

        Assert.Equal(49, RequestEnd.Read(ref earlier).RateTokens);
    }

    [Fact]
    public void Recover_leaves_alone_what_was_shipped_and_settled()
    {
        Guid organizationId = default;
        Live((journal, requests) =>
        {
            var request = JournalFileTests.Admit(requests);
            organizationId = request.OrganizationId;
            requests.Close(
                request, new RequestEnd(Outcome.Completed, 1, UsageSource.Gateway, DateTimeOffset.UnixEpoch, 9, new Units(40, Output: 9)));
            new JournalMark(journal.End, journal.End, "database").AppendTo(journal);
        });

        var (_, settlements) = Restart();

        Assert.Empty(settlements.Take(organizationId, 10));
    }

    [Fact]
    public void A_request_keeps_its_price_and_one_of_an_older_journal_lacks_only_its_date()
    {
        using var journal = Open();
        journal.PrepareAhead();
        journal.Begin(1);
        var request = JournalFileTests.Admit(new RequestJournal(journal, new Settlements(), TimeProvider.System));
        var buffer = new byte[2048];
        var writer = new RecordWriter(buffer);
        request.Write(ref writer);
        var now = new RecordReader(writer.Written);
        var before = new RecordReader(writer.Written[..^21]); // Without what came later: version, units, class, factor, date, whose it is.

        var (read, older) = (AdmittedRequest.Read(ref now), AdmittedRequest.Read(ref before));

        Assert.Equal(request, read);
        Assert.Equal(request with { Price = request.Price with { EffectiveFrom = null, IsOrganizationsOwn = false } }, older);
    }

    [Fact]
    public void Recover_twice_ends_a_request_once_and_counts_the_boots()
    {
        AdmittedRequest request = null!;
        Live((_, requests) => request = JournalFileTests.Admit(requests));

        var (first, _) = Restart();
        var (second, _) = Restart();

        Assert.Single(first);
        Assert.Single(second);
        using var journal = Open();
        var boots = 0L;
        for (var reader = new JournalReader(journal, journal.Beginning); reader.Read();)
        {
            boots = reader.Type == RecordType.Boot ? new RecordReader(reader.Payload).Int64() : boots;
        }

        Assert.Equal(3, boots);
    }

    [Theory]
    [InlineData(true, Outcome.Completed, 40, 9, 'K')]
    [InlineData(false, Outcome.GatewayDied, 40, 7, 'S')]
    public void An_answer_on_its_way_to_the_store_is_ended_by_what_the_store_has(
        bool isStored, Outcome outcome, long input, long output, char kind)
    {
        AdmittedRequest request = null!;
        Live((_, requests) =>
        {
            request = JournalFileTests.Admit(requests);
            requests.Progress(request.RequestId, new Units(40, Output: 7));
            requests.Answer(request.RequestId, new UnsettledAnswer([1, 2, 3], new RequestEnd(
                Outcome.Completed, 1, UsageSource.Gateway, DateTimeOffset.UnixEpoch, 9, new Units(40, Output: 9))));
        });

        var (undecided, _) = Restart();
        var (ended, settlements) = Restart(recovery =>
        {
            var answer = Assert.Single(recovery.UnsettledAnswers);
            Assert.Equal([1, 2, 3], answer.Answer!.KeyHash);
            recovery.EndAnswered(answer, isStored);
        });

        Assert.Empty(undecided);
        var end = Assert.Single(ended).End;
        Assert.Equal((outcome, UsageSource.Recovery, new Units(input, Output: output)), (end.Outcome, end.Source, end.Charged));
        Assert.Equal((SettlementKind)kind, Assert.Single(settlements.Take(request.OrganizationId, 10)).Kind);
    }

    /// <summary>A process that begins, lives and dies without a word: nothing is closed but the mapping, which kill -9 does too.</summary>
    private void Live(Action<JournalFile, RequestJournal> life)
    {
        using var journal = Open();
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
        Recovery(journal, requests).Recover();
        life(journal, requests);
    }

    /// <summary>The next start: what its recovery ended, as the journal has it, and what it queued.</summary>
    private (List<FinishedRequest> Ended, Settlements Settlements) Restart(Action<JournalRecovery>? afterwards = null)
    {
        using var journal = Open();
        var settlements = new Settlements();
        var recovery = Recovery(journal, new RequestJournal(journal, settlements, TimeProvider.System));
        recovery.Recover();
        afterwards?.Invoke(recovery);
        var (fold, ended) = (new RequestFold(), new List<FinishedRequest>());
        for (var reader = new JournalReader(journal, journal.Beginning); reader.Read();)
        {
            if (fold.Apply(reader) is { } finished)
            {
                ended.Add(finished);
            }
        }

        return (ended, settlements);
    }

    private static JournalRecovery Recovery(JournalFile journal, RequestJournal requests) =>
        new(journal, requests, TimeProvider.System, NullLogger<JournalRecovery>.Instance);

    private JournalFile Open() => new(
        Options.Create(new JournalOptions { Folder = _folder, SegmentBytes = 64 * 1024 }), TimeProvider.System,
        NullLogger<JournalFile>.Instance);
}
