using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i * 0.7f) * 4 + (i % 97 == 0 ? 3 : 0))];

    [Fact]
    public void Next_takes_the_likeliest_token_at_temperature_0()
    {
        Assert.Equal(3, Draw(new Sampling { Temperature = 0 }, [1, 5, 2, 9, 9], seed: 1)); // Of equal ones the first.
    }

    [Fact]
    public void Next_gives_the_same_token_for_the_same_seed_choice_and_position_only()
    {
        var sampling = new Sampling { Temperature = 1.2f, TopP = 0.9f };

        var tokens = Enumerable.Range(0, 200).Select(position => Draw(sampling, Logits, seed: 7, choice: 1, position)).ToList();

        Assert.Equal(tokens, Enumerable.Range(0, 200).Select(position => Draw(sampling, Logits, seed: 7, choice: 1, position)));
        Assert.NotEqual(tokens, Enumerable.Range(0, 200).Select(position => Draw(sampling, Logits, seed: 8, choice: 1, position)));
        Assert.NotEqual(tokens, Enumerable.Range(0, 200).Select(position => Draw(sampling, Logits, seed: 7, choice: 2, position)));
        Assert.True(tokens.Distinct().Count() > 50);
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(0.7f, 0.9f)]
    [InlineData(1.5f, 0.5f)]
    [InlineData(2f, 0.999f)]
    [InlineData(0.3f, 0.01f)]
    public void Next_draws_as_a_full_sort_in_double_precision_would(float temperature, float topP)
    {
        var sampling = new Sampling { Temperature = temperature, TopP = topP };
        var expected = Distribution(temperature, topP);

        var counts = Enumerable.Range(0, 20_000)
            .GroupBy(position => Draw(sampling, Logits, seed: 42, choice: 0, position)).ToDictionary(
                group => group.Key, group => group.Count());

        Assert.All(counts.Keys, token => Assert.True(expected.ContainsKey(token)));
        foreach (var (token, probability) in expected.OrderByDescending(pair => pair.Value).Take(20))
        {
            var mean = 20_000 * probability;
            var deviation = Math.Sqrt(mean * (1 - probability));
            Assert.InRange(counts.GetValueOrDefault(token), mean - (5 * deviation) - 1, mean + (5 * deviation) + 1);
        }
    }

    [Fact]
    public void Next_lowers_what_was_chosen_before_by_the_penalties()
    {
        var sampler = new Sampler(
            new Sampling { Temperature = 0, FrequencyPenalty = 1, PresencePenalty = 0.5f }, seed: 0, choice: 0, score: false);
        float[] logits = [3, 2.6f, 0];

        var tokens = Enumerable.Range(0, 4).Select(position => sampler.Next(logits, position, new float[3]).Token).ToList();

        // 3; then 3−1.5=1.5 against 2.6; then 1.5 against 1.1; then 0.5 against 1.1.
        Assert.Equal([0, 1, 0, 1], tokens);
    }

    [Fact]
    public void Next_adds_the_bias_before_it_chooses()
    {
        var biases = new Dictionary<int, float> { [0] = -100, [2] = 5 };

        Assert.Equal(2, Draw(new Sampling { Temperature = 0, LogitBias = biases }, [9, 3, 1], seed: 0));
    }

    [Fact]
    public void Next_reports_log_probabilities_of_the_model_itself_best_first()
    {
        float[] logits = [1, 3, 2, 3];
        var sampler = new Sampler(
            new Sampling { Temperature = 0, Logprobs = 3, LogitBias = new Dictionary<int, float> { [0] = 50 } }, 0, 0, score: false);
        var normalizer = Math.Log(logits.Sum(logit => Math.Exp(logit)));

        var sampled = sampler.Next(logits, position: 0, new float[4]);

        Assert.Equal(0, sampled.Token);
        Assert.Equal(1 - normalizer, sampled.Logprob, 5);
        Assert.Equal([1, 3, 2], sampled.Best!.Select(best => best.Token));
        Assert.Equal(3 - normalizer, sampled.Best![0].Logprob, 5);
    }

    [Fact]
    public void Next_refuses_logits_that_are_not_finite()
    {
        Assert.Throws<InvalidDataException>(() => Draw(Sampling.Default, [1, float.NaN, 2], seed: 0));
    }

    private static int Draw(Sampling sampling, float[] logits, long seed, int choice = 0, int position = 0) =>
        new Sampler(sampling, seed, choice, score: false).Next(logits, position, new float[logits.Length]).Token;

    private static Dictionary<int, double> Distribution(double temperature, double topP)
    {
        var weights = Logits.Select((logit, token) => (Token: token, Weight: Math.Exp(logit / temperature))).OrderByDescending(
            pair => pair.Weight).ToList();
        var total = weights.Sum(pair => pair.Weight);
        var nucleus = new Dictionary<int, double>();
        var mass = 0.0;
        foreach (var (token, weight) in weights)
        {
            nucleus[token] = weight;
            mass += weight;
            if (mass >= topP * total * (1 + 1e-6))
            {
                break;
            }
        }

        return nucleus.ToDictionary(pair => pair.Key, pair => pair.Value / mass);
    }
}
