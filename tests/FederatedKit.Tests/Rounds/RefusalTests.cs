using System.Text.Json.Nodes;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Rounds;
using Tollgate.Testing;

namespace Tollgate.FederatedKit.Tests.Rounds;

/// <summary>What does not belong is refused by name and changes nothing; what fails says why.</summary>
public sealed class RefusalTests(FederatedFixture fixture) : IClassFixture<FederatedFixture>
{
    [Fact]
    public async Task A_message_that_is_replayed_late_early_malformed_foreign_or_wrongly_signed_changes_nothing()
    {
        await using var training = await TestTraining.CreateAsync(fixture, TestTraining.NewKeys(3), Small(attempts: 1));
        var (task, before) = (training.Task.Fingerprint(), RoundContext.BeforeRounds(training.Task.Fingerprint()));
        var first = new RoundContext(task, 1, 1);
        var keys = new SecureRound(training.Task, first, 1).Keys();
        var join = before.Sign(1, FederatedPhase.Join, [], training.Keys[0]);
        await RefuseAsync("early_message", first.Sign(1, FederatedPhase.Keys, keys, training.Keys[0]));
        Assert.Null(await training.SendAsync(join));
        await RefuseAsync("replayed_message", join);
        await RefuseAsync("malformed_payload", before.Sign(2, FederatedPhase.Join, [1], training.Keys[1]));
        await RefuseAsync("wrong_signature", before.Sign(2, FederatedPhase.Join, [], training.Keys[0]));
        await RefuseAsync("unknown_participant", before.Sign(4, FederatedPhase.Join, [], training.Keys[0]));
        Assert.Null(await training.SendAsync(before.Sign(2, FederatedPhase.Join, [], training.Keys[1])));
        Assert.Null(await training.SendAsync(before.Sign(3, FederatedPhase.Join, [], training.Keys[2])));

        var good = first.Sign(1, FederatedPhase.Keys, keys, training.Keys[0]);
        await RefuseAsync("wrong_signature", good with { Payload = new SecureRound(training.Task, first, 1).Keys() });
        await RefuseAsync("wrong_signature", good with { Participant = 2 });
        await RefuseAsync("wrong_signature", good with { Signature = [] });
        await RefuseAsync("malformed_payload", first.Sign(1, FederatedPhase.Keys, keys[1..], training.Keys[0]));
        await RefuseAsync("malformed_payload", first.Sign(1, FederatedPhase.Keys, new byte[130], training.Keys[0]));
        await RefuseAsync("early_message", first.Sign(1, FederatedPhase.Masked, keys, training.Keys[0]));
        await RefuseAsync("early_message", new RoundContext(task, 2, 1).Sign(1, FederatedPhase.Keys, keys, training.Keys[0]));
        Assert.Null(await training.SendAsync(good));
        await RefuseAsync("replayed_message", good);
        foreach (var number in (int[])[2, 3])
        {
            using var other = new SecureRound(training.Task, first, number);
            Assert.Null(await training.SendAsync(first.Sign(number, FederatedPhase.Keys, other.Keys(), training.Keys[number - 1])));
        }

        await RefuseAsync("late_message", good);
        await training.ExpireAsync();
        await Until.TrueAsync(async () => (await training.LookAsync(1)).Status == FederatedStatus.Failed, "nobody sends shares");
        await RefuseAsync("federated_job_ended", good);

        async Task RefuseAsync(string code, FederatedMessage message)
        {
            var state = await StateAsync(training);
            var refused = await training.SendAsync(message);
            Assert.Equal(code, refused);
            Assert.Equal(state, await StateAsync(training));
        }
    }

    [Fact]
    public async Task A_round_with_too_few_participants_is_repeated_and_then_the_training_fails_by_name()
    {
        await using var training = await TestTraining.CreateAsync(fixture, TestTraining.NewKeys(3), Small(attempts: 2));
        for (var number = 1; number <= 3; number++)
        {
            _ = training.Start(
                number, new FixedWork(_ => new double[training.Task.LayerNumbers]),
                number == 3 ? new DropOut(FederatedPhase.Shares) : null);
        }

        await training.EndPhaseAsync(FederatedPhase.Shares, 2);
        await Until.TrueAsync(
            async () =>
            {
                await training.ExpireAsync();
                return (await training.LookAsync(1)).Status == FederatedStatus.Failed;
            },
            "the training has failed", TimeSpan.FromSeconds(60));

        var error = (await training.ShowAsync()).GetProperty("error");
        Assert.Equal("too_few_participants", error.GetProperty("code").GetString());
        Assert.Contains("In round 1, attempt 2, phase ", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("federated_job_ended", await training.SendAsync(
            RoundContext.BeforeRounds(training.Task.Fingerprint()).Sign(1, FederatedPhase.Join, [], training.Keys[0])));
    }

    [Fact]
    public async Task A_vector_out_of_range_fails_the_training_by_name()
    {
        await using var training = await TestTraining.CreateAsync(fixture, TestTraining.NewKeys(3), Small(attempts: 1));
        var honest = Enumerable.Range(1, 2).Select(
            number => training.Start(number, new FixedWork(_ => new double[training.Task.LayerNumbers]))).ToArray();
        var context = new RoundContext(training.Task.Fingerprint(), 1, 1);
        using var liar = new SecureRound(training.Task, context, 3);
        await SendAsync(RoundContext.BeforeRounds(training.Task.Fingerprint()), FederatedPhase.Join, _ => []);
        await SendAsync(context, FederatedPhase.Keys, _ => liar.Keys());
        await SendAsync(context, FederatedPhase.Shares, view => liar.Shares(view.Keys!));
        await SendAsync(context, FederatedPhase.Masked, view => liar.Mask(
            RingVector.Encode([.. Enumerable.Repeat(1000.0, training.Task.LayerNumbers)]), view.Shares!));
        await SendAsync(context, FederatedPhase.Unmask, view => liar.Disclose(view.Masked!));
        await Task.WhenAll(honest).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("sum_out_of_range", (await training.ShowAsync()).GetProperty("error").GetProperty("code").GetString());

        async Task SendAsync(RoundContext of, FederatedPhase phase, Func<FederatedRound, byte[]> payload)
        {
            var view = await Until.ValueAsync(
                async () => await training.LookAsync(3) is { IsDone: false } found && found.Phase == phase ? found : null,
                $"phase {phase}", TimeSpan.FromSeconds(60));
            Assert.Null(await training.SendAsync(of.Sign(3, phase, payload(view), training.Keys[2])));
        }
    }

    [Fact]
    public async Task A_training_whose_row_cannot_be_read_holds_up_no_other()
    {
        await using var broken = await TestTraining.CreateAsync(fixture, TestTraining.NewKeys(3), Small(attempts: 1));
        await using var later = await TestTraining.CreateAsync(fixture, TestTraining.NewKeys(3), Small(attempts: 1));
        await fixture.ReadAsync<object>(
            "update federated_jobs set task = '{', phase_until = now() - interval '1 hour' where id = $1", broken.Guid);

        await later.ExpireAsync();

        await Until.TrueAsync(async () => (await later.LookAsync(1)).Status == FederatedStatus.Failed, "nobody joined");
        await fixture.ReadAsync<object>("update federated_jobs set status = 'failed' where id = $1", broken.Guid);
    }

    [Fact]
    public async Task A_training_survives_restarts_of_the_service_between_its_phases()
    {
        await using var training = await TestTraining.CreateAsync(
            fixture, TestTraining.NewKeys(4),
            new JsonObject { ["minimum"] = 3, ["rounds"] = 2, ["evaluation_rows"] = 0, ["phase_seconds"] = 600 });
        var running = Enumerable.Range(1, 3).Select(number => training.Start(
            number, new FixedWork(_ => [.. Enumerable.Repeat(0.01 * number, training.Task.LayerNumbers)]))).ToArray();
        _ = training.Start(4, new FixedWork(_ => new double[training.Task.LayerNumbers]), new DropOut(FederatedPhase.Masked));
        await Until.TrueAsync(
            async () => await fixture.ReadAsync<long>(
                "select count(*) from federated_messages where job_id = $1 and phase = 'masked'", training.Guid) == 3,
            "three vectors", TimeSpan.FromSeconds(60));

        await fixture.RestartAsync();
        await training.EndPhaseAsync(FederatedPhase.Masked, 3);
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(60));

        var result = await training.ResultAsync();
        Assert.All(
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(result.Weights).ToArray(),
            weight => Assert.Equal(2 * 0.02, weight, 1e-8)); // Twice the mean of 0.01, 0.02 and 0.03.
    }

    [Fact]
    public async Task A_participant_discloses_once_and_refuses_a_list_without_itself_or_below_the_threshold()
    {
        await using var training = await TestTraining.CreateAsync(fixture, TestTraining.NewKeys(3), Small(attempts: 1));
        var context = new RoundContext(training.Task.Fingerprint(), 1, 1);
        SecureRound[] rounds = [.. Enumerable.Range(1, 3).Select(number => new SecureRound(training.Task, context, number))];
        FederatedMessage[] keys =
        [
            .. rounds.Select((round, place) => context.Sign(place + 1, FederatedPhase.Keys, round.Keys(), training.Keys[place])),
        ];
        var exchanged = keys[1] with { Payload = new SecureRound(training.Task, context, 2).Keys() };
        Assert.Throws<ProtocolException>(() => new SecureRound(training.Task, context, 1).Shares([keys[0], exchanged, keys[2]]));
        byte[][] sent = [.. rounds.Select(round => round.Shares(keys))];
        rounds[0].Mask(
            new ulong[4],
            [
                new SealedShare(2, sent[1][..RoundContext.SealedShareBytes]), new SealedShare(3, sent[2][..RoundContext.SealedShareBytes]),
            ]);

        Assert.Throws<ProtocolException>(() => rounds[0].Disclose([2, 3]));
        Assert.Throws<ProtocolException>(() => rounds[0].Disclose([1, 2]));
        Assert.Throws<ProtocolException>(() => rounds[0].Disclose([1, 2, 4]));
        Assert.Equal(3 * RoundContext.ShareBytes, rounds[0].Disclose([1, 2, 3]).Length);
        Assert.Throws<ProtocolException>(() => rounds[0].Disclose([1, 2, 3]));
    }

    private static JsonObject Small(int attempts) => new()
    {
        ["minimum"] = 3, ["rounds"] = 2, ["evaluation_rows"] = 0, ["attempts"] = attempts, ["phase_seconds"] = 600,
    };

    /// <summary>All rows of the training, but for the participants' order.</summary>
    private Task<string?> StateAsync(TestTraining training) => fixture.ReadAsync<string>(
        """
        select concat(
          (select to_jsonb(j)::text from federated_jobs j where id = $1),
          (select jsonb_agg(to_jsonb(p) order by number)::text from federated_participants p where job_id = $1),
          (select jsonb_agg(to_jsonb(m) order by round, attempt, phase, participant)::text from federated_messages m where job_id = $1),
          (select jsonb_agg(to_jsonb(r) order by round)::text from federated_rounds r where job_id = $1))
        """, training.Guid);
}
