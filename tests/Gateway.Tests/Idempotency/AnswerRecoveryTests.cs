using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Gateway.Tests.Journal;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Idempotency;

/// <summary>Gateways that die between the worker's last byte and the store: what the next start bills.</summary>
public sealed class AnswerRecoveryTests
{
    private readonly string _folder = TestFolder.Create("journal");

    [Fact]
    public async Task Only_an_answer_that_the_store_has_is_billed_in_full_and_nothing_is_billed_before_the_store_speaks()
    {
        var (stored, lost) = (Die([1]), Die([2]));
        await using var gateway = await GatewayUnderTest.StartAsync(
            plane =>
            {
                plane.Answers.IsAway = true;
                plane.Answers.Keep(stored.OrganizationId, stored.KeyId, [1], stored.RequestId);
            },
            $"--Journal:Folder={_folder}");

        var key = await gateway.CreateKeyAsync();
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(9, Output: 4));
        using var other = await gateway.PostAsync(
            key, "/v1/chat/completions", """{"model":"tiny-assistant","messages":[{"role":"user","content":"Hi"}]}""");
        await gateway.Plane.WaitForUsageAsync(other.Headers.GetValues("x-request-id").Single());
        var early = gateway.Plane.Booked.Count(row => row.RequestId == stored.RequestId || row.RequestId == lost.RequestId);
        gateway.Plane.Answers.IsAway = false;
        var complete = await gateway.Plane.WaitForUsageAsync($"req_{stored.RequestId:N}");
        var died = await gateway.Plane.WaitForUsageAsync($"req_{lost.RequestId:N}");

        Assert.Equal(0, early);
        Assert.Equal(
            (Outcome.Completed, UsageSource.Recovery, new Units(40, Output: 9)), (complete.Outcome, complete.Source, complete.Units));
        Assert.Equal((Outcome.GatewayDied, UsageSource.Recovery, default(Units)), (died.Outcome, died.Source, died.Units));
        Assert.Equal([lost.RequestId.ToString("N")], gateway.Plane.Answers.Withdrawn);
    }

    /// <summary>An answer in one piece of 9 tokens that was on its way to the store when its gateway was killed.</summary>
    private AdmittedRequest Die(byte[] keyHash)
    {
        using var journal = new JournalFile(
            Options.Create(new JournalOptions { Folder = _folder, SegmentBytes = 64 * 1024 }), TimeProvider.System,
            NullLogger<JournalFile>.Instance);
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
        new JournalRecovery(journal, requests, TimeProvider.System, NullLogger<JournalRecovery>.Instance).Recover();
        var request = JournalFileTests.Admit(requests);
        requests.Answer(request.RequestId, new UnsettledAnswer(keyHash, new RequestEnd(
            Outcome.Completed, 1, UsageSource.Gateway, TimeProvider.System.GetUtcNow(), 9, new Units(40, Output: 9))));
        return request;
    }
}
