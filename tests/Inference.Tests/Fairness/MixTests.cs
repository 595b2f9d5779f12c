using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tests.Fairness;

/// <summary>Random mixes of tasks and organizations at one worker, on a clock of the test's own.</summary>
public sealed class MixTests
{
    private const int Mixes = 1_000;
    private const int LongestTurn = 20;

    private static readonly Party Reader = new(new Guid("00000000-0000-0000-0000-000000000001"));

    /// <summary>Of two organizations that wait at a model neither gets two turns more than the other, and a turn takes at most as long as
    /// it has company; so the wait is bounded by who is there, however much they ask for.</summary>
    [Fact]
    public Task In_a_thousand_random_mixes_everything_ends_and_nobody_starves() => Task.Run(async () =>
    {
        for (var seed = 0; seed < Mixes; seed++)
        {
            var random = new Random(seed);
            var (encoders, organizations) = (random.Next(1, 4), random.Next(2, 6));
            var worker = new MixedWorker(encoders);
            var (asked, ended) = (0, 0);
            for (var tenant = 1; tenant <= organizations; tenant++)
            {
                var party = new Party(new Guid(tenant, 0, 0, new byte[8]));
                for (var flow = random.Next(1, 3); flow > 0; flow--)
                {
                    asked += Ask(worker, random, party, encoders, () => ended++);
                }
            }

            await worker.RunAsync();

            Assert.Equal((seed, asked), (seed, ended));
            var most = TimeSpan.FromMilliseconds(((2 * organizations) + 3) * 4 * LongestTurn * worker.MostRunning);
            Assert.True(worker.LongestWait < most, $"seed {seed}: somebody waited {worker.LongestWait} without a turn; at most {most}");
        }
    });

    /// <summary>A text stream beside floods keeps at least an even share of the processors: with one flooding organization half.</summary>
    [Theory]
    [InlineData("pictures", 1)]
    [InlineData("pictures", 3)]
    [InlineData("drawings", 1)]
    [InlineData("drawings", 3)]
    [InlineData("speech", 1)]
    [InlineData("pictures and drawings", 1)]
    [InlineData("pictures, drawings and speech", 1)]
    [InlineData("pictures, drawings and speech", 4)]
    public Task A_flood_slows_a_text_stream_by_its_share_at_most(string flood, int organizations) => Task.Run(async () =>
    {
        var alone = await TimeOfAsync(new MixedWorker(2));
        var worker = new MixedWorker(2);
        for (var tenant = 2; tenant < 2 + organizations; tenant++)
        {
            var party = new Party(new Guid(tenant, 0, 0, new byte[8]));
            for (var i = 0; i < 12; i++)
            {
                Flood(worker, flood, party);
            }
        }

        var beside = await TimeOfAsync(worker);

        Assert.True(beside <= alone * (1 + organizations), $"{beside} beside {organizations} floods of {flood}, {alone} alone");
    });

    /// <summary>Beside batches of any number of organizations a text stream keeps at least half of its pace, and they go on meanwhile.
    /// </summary>
    [Theory]
    [InlineData("pictures")]
    [InlineData("drawings")]
    [InlineData("speech")]
    [InlineData("pictures, drawings and speech")]
    public Task Batches_of_many_organizations_slow_a_text_stream_no_more_than_those_of_one(string flood) => Task.Run(async () =>
    {
        var alone = await TimeOfAsync(new MixedWorker(2));
        var worker = new MixedWorker(2);
        for (var tenant = 2; tenant < 12; tenant++)
        {
            var party = new Party(new Guid(tenant, 0, 0, new byte[8]), ServiceClass.Batch);
            for (var i = 0; i < 12; i++)
            {
                Flood(worker, flood, party);
            }
        }

        var beside = await TimeOfAsync(worker);

        Assert.True(beside <= alone * 2, $"{beside} beside batches of {flood}, {alone} alone");
        Assert.True(worker.BatchTurns > 0, "The batches stood still.");
    });

    private static async Task<TimeSpan> TimeOfAsync(MixedWorker worker)
    {
        var done = false;
        worker.Generate(Reader, tokens: 200, work: 5, () => done = true);
        await worker.RunAsync(() => done);
        return worker.Now;
    }

    /// <summary>Each request is followed by another one like it.</summary>
    private static void Flood(MixedWorker worker, string flood, Party party)
    {
        if (flood.Contains("pictures", StringComparison.Ordinal))
        {
            Again(next => worker.Encode(0, party, turns: 3, work: 15, next));
        }

        if (flood.Contains("speech", StringComparison.Ordinal))
        {
            Again(next => worker.Encode(1, party, turns: 2, work: 400, next));
        }

        if (flood.Contains("drawings", StringComparison.Ordinal))
        {
            Again(next => worker.Draw(party, pictures: 2, steps: 6, work: 12, next));
        }

        static void Again(Action<Action> ask) => ask(() => Again(ask));
    }

    /// <summary>Some requests of one task, a few at a time or all at once.</summary>
    private static int Ask(MixedWorker worker, Random random, Party party, int encoders, Action ended)
    {
        var (count, atOnce, turns) = (random.Next(1, 10), random.Next(1, 10), random.Next(1, 4));
        var (task, work, asked) = (random.Next(-2, encoders), random.Next(1, LongestTurn + 1), 0);
        for (var i = 0; i < Math.Min(count, atOnce); i++)
        {
            Next();
        }

        return count;

        void Next()
        {
            if (asked == count)
            {
                return;
            }

            asked++;
            switch (task)
            {
                case -2:
                    worker.Generate(party, turns * 4, LongestTurn / 4, Ended);
                    break;
                case -1:
                    worker.Draw(party, random.Next(1, 5), turns, LongestTurn / 2, Ended);
                    break;
                default:
                    worker.Encode(task, party, turns, work, Ended);
                    break;
            }
        }

        void Ended()
        {
            ended();
            Next();
        }
    }
}
