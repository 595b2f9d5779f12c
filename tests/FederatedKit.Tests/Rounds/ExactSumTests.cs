using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Federated;
using Tollgate.Learning.Federated;

namespace Tollgate.FederatedKit.Tests.Rounds;

/// <summary>Real rounds over the real service: who is in the sum, to the last bit, and what the service can see.</summary>
public sealed class ExactSumTests(FederatedFixture fixture) : IClassFixture<FederatedFixture>
{
    private const int Participants = 8;

    [Fact]
    public async Task The_sum_is_that_of_the_survivors_while_two_of_eight_drop_out_in_different_phases()
    {
        await using var training = await TestTraining.CreateAsync(
            fixture, TestTraining.NewKeys(Participants),
            new JsonObject { ["minimum"] = 5, ["rounds"] = 2, ["evaluation_rows"] = 0, ["phase_seconds"] = 600 });
        var numbers = Enumerable.Range(1, Participants).ToDictionary(number => number, Numbers);
        var survivors = Enumerable.Range(1, 6).Select(number => training.Start(number, Work(number))).ToArray();
        _ = training.Start(7, Work(7), new DropOut(FederatedPhase.Shares)); // Before masks are used.
        _ = training.Start(8, Work(8), new DropOut(FederatedPhase.Masked)); // After its masks are in the others' vectors.

        await training.EndPhaseAsync(FederatedPhase.Shares, 7);
        await training.EndPhaseAsync(FederatedPhase.Masked, 6);
        var ends = await Task.WhenAll(survivors).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.All(ends, end => Assert.Equal(FederatedStatus.Succeeded, end.Status));
        var result = await training.ResultAsync();
        Assert.Null(result.Epsilon);
        Assert.Equal(
            Mean(Mean(new double[numbers[1].Length])),
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(result.Weights).ToArray());
        var shown = await training.ShowAsync();
        Assert.Equal(
            ["1: 1,2,3,4,5,6", "2: 1,2,3,4,5,6"], // Those who fell silent are not waited for in the second round.
            shown.GetProperty("ended_rounds").EnumerateArray().Select(round =>
                $"{round.GetProperty("round")}: {string.Join(',', round.GetProperty("members").EnumerateArray())}"));
        Assert.Equal(0, await fixture.ReadAsync<long>("select count(*) from federated_messages where job_id = $1", training.Guid));

        FixedWork Work(int number) => new(_ => numbers[number]);
        double[] Mean(double[] before)
        {
            var sum = new ulong[before.Length];
            foreach (var number in Enumerable.Range(1, 6))
            {
                RingVector.Add(sum, RingVector.Encode(numbers[number]));
            }

            return [.. before.Zip(RingVector.Decode(sum), (weight, change) => weight + (change / 6))];
        }
    }

    [Fact]
    public async Task No_message_and_no_row_shows_an_update_and_fewer_shares_than_the_threshold_open_nothing()
    {
        fixture.Door.Bodies.Clear();
        await using var training = await TestTraining.CreateAsync(
            fixture, TestTraining.NewKeys(4),
            new JsonObject { ["minimum"] = 3, ["rounds"] = 1, ["evaluation_rows"] = 0 },
            new FederatedBase("wide", new string('0', 64), 2_000));
        var numbers = Enumerable.Range(1, 4).Select(number => new double[training.Task.LayerNumbers]).ToArray();
        var running = numbers.Select((vector, place) => training.Start(place + 1, new FixedWork(_ => vector))).ToArray();
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(60));
        var messages = fixture.Door.Bodies.Select(body => JsonElement.Parse(body)).Where(body => body.TryGetProperty("phase", out _))
            .Select(body => body.Deserialize(FederatedJson.Default.FederatedMessage)!).ToArray();

        var masked = messages.Where(message => message.Phase == FederatedPhase.Masked).ToArray();
        Assert.Equal(4, masked.Length);
        foreach (var message in masked)
        {
            AssertUniform(message.Payload); // The update is all zeros: what is seen is mask alone.
        }

        Assert.All(RingVector.Decode(Sum(messages, threshold: 3, disclosed: 3)), number => Assert.Equal(0, number));
        AssertUniform(RingVector.ToBytes(Sum(messages, threshold: 2, disclosed: 2)));
        AssertUniform(RingVector.ToBytes(SumOfOne(messages, 1)));

        // What the service could try: the seeds are open to it, the masks of pairs are not while their members live.
        ulong[] Sum(FederatedMessage[] all, int threshold, int disclosed) => new MaskedSum(
            new RoundContext(training.Task.Fingerprint(), 1, 1), threshold)
        {
            Points = Of(all, FederatedPhase.Keys).ToDictionary(one => one.Key, one => one.Value[AgreementKey.PointBytes..]),
            Vectors = Of(all, FederatedPhase.Masked).ToDictionary(one => one.Key, one => RingVector.FromBytes(one.Value)),
            Disclosed = Of(all, FederatedPhase.Unmask).Take(disclosed).ToDictionary(),
        }.Open();

        ulong[] SumOfOne(FederatedMessage[] all, int member)
        {
            var disclosed = Of(all, FederatedPhase.Unmask).Take(3);
            var seed = SecretSharing.Combine([.. disclosed.Select(one => (one.Key, one.Value[..RoundContext.ShareBytes]))]);
            var vector = RingVector.FromBytes(Of(all, FederatedPhase.Masked)[member]);
            MaskStream.Apply(seed, vector, adds: false);
            return vector;
        }

        static Dictionary<int, byte[]> Of(FederatedMessage[] all, FederatedPhase phase) =>
            all.Where(message => message.Phase == phase).ToDictionary(message => message.Participant, message => message.Payload);
    }

    [Fact]
    public async Task Noise_has_the_stated_deviation_and_epsilon_is_the_accountants()
    {
        await using var training = await TestTraining.CreateAsync(
            fixture, TestTraining.NewKeys(4),
            new JsonObject
            {
                ["minimum"] = 4, ["rounds"] = 1, ["evaluation_rows"] = 0, ["clip_norm"] = 2, ["noise_multiplier"] = 1.5, ["delta"] = 1e-6,
            },
            new FederatedBase("wide", new string('0', 64), 4_000));
        var running = Enumerable.Range(1, 4).Select(
            number => training.Start(number, new FixedWork(_ => new double[training.Task.LayerNumbers]))).ToArray();
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(60));

        var result = await training.ResultAsync();
        var noise = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(result.Weights).ToArray();
        var deviation = 4 * Math.Sqrt(noise.Average(number => number * number)); // The mean of 4 participants, times 4.

        Assert.InRange(deviation, 3 * 0.93, 3 * 1.07); // 1.5 × 2, and 8,002 numbers: 0.8 % is one deviation of this figure.
        Assert.Equal(1, result.NoisySums);
        Assert.Equal(PrivacyAccountant.Epsilon(1.5, 1, 1e-6), result.Epsilon);
        Assert.Equal(result.Epsilon, (await training.ShowAsync()).GetProperty("epsilon").GetDouble());
    }

    private static double[] Numbers(int number)
    {
        var random = new Random(number);
        double[] vector = [.. Enumerable.Range(0, 2 * 51).Select(_ => random.NextDouble() - 0.5)];
        UpdatePrivacy.Clip(vector, 0.9);
        return vector;
    }

    /// <summary>χ² of the bytes: 255 degrees of freedom, deviation 22.6.</summary>
    private static void AssertUniform(byte[] bytes)
    {
        var expected = bytes.Length / 256.0;
        var counts = new int[256];
        Array.ForEach(bytes, value => counts[value]++);

        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 255 - 160, 255 + 200);
    }
}
