using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class SamplerFilterTests
{
    private const int Draws = 4_000;

    public static TheoryData<float, int, float, float, float> Filters => new()
    {
        { 1, 5, 1, 1, 0 }, { 1, 1, 1, 1, 0 }, { 0.7f, 40, 1, 0.8f, 0 }, { 1.3f, 0, 1, 1, 0.1f }, { 1, 0, 1, 0.9f, 0.05f },
        { 1, 0, 0.5f, 1, 0 }, { 1.5f, 0, 0.95f, 1, 0 }, { 1, 0, 0.2f, 0.6f, 0 }, { 0.9f, 30, 0.7f, 0.9f, 0.02f },
        { 2, 5000, 1, 1, 0 }, { 2, 100_000, 1, 1, 0 }, { 1, 0, 1, 1, 1 }, { 0.2f, 3, 0.9f, 0.5f, 0.5f },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Draws_are_those_of_a_plain_double_precision_sampler(float temperature, int topK, float typicalP, float topP, float minP)
    {
        var sampling = new Sampling { Temperature = temperature, TopK = topK, TypicalP = typicalP, TopP = topP, MinP = minP };
        for (var seed = 1; seed <= 3; seed++)
        {
            var random = new Random(seed);
            float[] logits =
                [.. Enumerable.Range(0, 250 * seed).Select(_ => (float)(random.NextDouble() * 5) + (random.Next(40) == 0 ? 4 : 0))];
            var expected = Distribution(logits, sampling);

            var counts = Enumerable.Range(0, Draws).Select(position => Draw(sampling, logits, position)).GroupBy(token => token)
                .ToDictionary(group => group.Key, group => group.Count());

            Assert.All(counts.Keys, token => Assert.True(expected.ContainsKey(token), $"{token} is filtered out"));
            foreach (var (token, probability) in expected.OrderByDescending(pair => pair.Value).Take(15))
            {
                var (mean, deviation) = (Draws * probability, Math.Sqrt(Draws * probability * (1 - probability)));
                Assert.InRange(counts.GetValueOrDefault(token), mean - (5 * deviation) - 1, mean + (5 * deviation) + 1);
            }
        }
    }

    [Fact]
    public void A_filter_that_keeps_one_token_or_none_but_the_likeliest_takes_it_whatever_the_seed()
    {
        float[] logits = [1, 4, 3.9f, 2];

        Assert.All(Enumerable.Range(0, 50), position =>
        {
            Assert.Equal(1, Draw(new Sampling { TopK = 1 }, logits, position));
            Assert.Equal(1, Draw(new Sampling { MinP = 1 }, logits, position));
            Assert.Equal(1, Draw(new Sampling { TopK = 3, TopP = 0.01f }, logits, position));
        });
    }

    [Fact]
    public void Greedy_ignores_filters_but_neither_penalties_nor_rules()
    {
        float[] logits = [1, 4, 3, -1];
        var filtered = new Sampling { Temperature = 0, TopK = 2, MinP = 0.5f, TypicalP = 0.1f };

        Assert.Equal(1, Next(filtered, logits));
        Assert.Equal(2, Next(filtered with { AllowedTokenIds = [0, 2, 3] }, logits));
        Assert.Equal(2, Next(filtered with { RepetitionPenalty = 2 }, logits, prompt: [1])); // 4 / 2 against 3.
    }

    [Fact]
    public void The_repetition_penalty_counts_prompt_and_answer_once_and_divides_or_multiplies_by_sign()
    {
        var plan = new ChoicePlan(new Sampling { Temperature = 0, RepetitionPenalty = 1.5f }, 1, 10, Seed: 0);
        var rules = TokenRules.Create(plan, [0, 3, 3])!;
        float[] logits = [3, 2.5f, 0, -2];

        rules.Penalize(logits);
        Assert.Equal([2, 2.5f, 0, -3], logits); // 3 / 1.5, and −2 × 1.5 once.

        rules.Note(1);
        logits = [3, 2.5f, 0, -2];
        rules.Penalize(logits);
        Assert.Equal([2, 2.5f / 1.5f, 0, -3], logits);
    }

    [Fact]
    public void End_tokens_are_impossible_before_min_tokens_and_possible_then()
    {
        var plan = new ChoicePlan(new Sampling { Temperature = 0, MinTokens = 2 }, 1, 10, Seed: 0) { EndTokens = [2, 3] };
        var sampler = new Sampler(plan.Sampling, 0, 0, score: false, TokenRules.Create(plan, [0]));
        float[] logits = [1, 0, 9, 8];

        Assert.Equal([0, 0, 2], Enumerable.Range(0, 3).Select(position => sampler.Next(logits, position, new float[4]).Token));
    }

    [Fact]
    public void The_last_token_of_a_bad_word_is_impossible_behind_its_others_alone()
    {
        var plan = new ChoicePlan(new Sampling { Temperature = 0 }, 1, 10, Seed: 0) { BadWords = [[3], [2, 2, 1]] };
        var sampler = new Sampler(plan.Sampling, 0, 0, score: false, TokenRules.Create(plan, [2, 2]));
        float[] first = [0, 1, 5, 9];
        float[] second = [0, 7, 5, 9];

        // 3 is never possible; 1 is after one 2 of the answer, the prompt's do not count, and is not after two.
        Assert.Equal(2, sampler.Next(first, 0, new float[4]).Token);
        Assert.Equal(1, sampler.Next(second, 1, new float[4]).Token);
        Assert.Equal([2, 2], Enumerable.Range(2, 2).Select(position => sampler.Next(first, position, new float[4]).Token));
        Assert.Equal(2, sampler.Next(second, 4, new float[4]).Token);
    }

    [Fact]
    public void Log_probabilities_stay_the_models_own()
    {
        float[] logits = [1, 3, 2, -1];
        var plan = new ChoicePlan(
            new Sampling { Temperature = 0.5f, Logprobs = 2, TopK = 1, RepetitionPenalty = 1.9f, AllowedTokenIds = [0] }, 1, 10, Seed: 0);
        var sampler = new Sampler(plan.Sampling, 0, 0, score: false, TokenRules.Create(plan, [1]));
        var normalizer = Math.Log(logits.Sum(logit => Math.Exp(logit)));

        var sampled = sampler.Next(logits, 0, new float[4]);

        Assert.Equal(0, sampled.Token);
        Assert.Equal(1 - normalizer, sampled.Logprob, 5);
        Assert.Equal([1, 2], sampled.Best!.Select(best => best.Token));
    }

    [Fact]
    public void A_choice_without_a_possible_token_has_none()
    {
        var plan = new ChoicePlan(new Sampling { AllowedTokenIds = [1] }, 1, 10, Seed: 0) { BadWords = [[1]] };

        Assert.True(new Sampler(plan.Sampling, 0, 0, score: false, TokenRules.Create(plan, [0])).Next([1, 2], 0, new float[2]).Token < 0);
    }

    private static int Draw(Sampling sampling, float[] logits, int position) =>
        new Sampler(sampling, seed: 42, choice: 0, score: false).Next(logits, position, new float[logits.Length]).Token;

    private static int Next(Sampling sampling, float[] logits, params int[] prompt)
    {
        var plan = new ChoicePlan(sampling, 1, 10, Seed: 0);
        return new Sampler(sampling, 0, 0, score: false, TokenRules.Create(plan, prompt)).Next(logits, 0, new float[logits.Length]).Token;
    }

    /// <summary>The filters one after the other over all tokens, each as its paper or transformers' source defines it.</summary>
    private static Dictionary<int, double> Distribution(float[] logits, Sampling sampling)
    {
        var kept = Normalize(logits.Select((logit, token) => (token, Math.Exp(((double)logit - logits.Max()) / sampling.Temperature))));
        if (sampling.TopK > 0)
        {
            kept = Normalize(kept.OrderByDescending(pair => pair.P).Take(sampling.TopK));
        }

        if (sampling.TypicalP < 1)
        {
            var entropy = -kept.Sum(pair => pair.P * Math.Log(pair.P));
            kept = Normalize(UpTo(kept.OrderBy(pair => Math.Abs(-Math.Log(pair.P) - entropy)), sampling.TypicalP));
        }

        if (sampling.TopP < 1)
        {
            kept = Normalize(UpTo(kept.OrderByDescending(pair => pair.P), sampling.TopP));
        }

        var least = kept.Max(pair => pair.P) * sampling.MinP * (1 - 1e-7);
        return Normalize(kept.Where(pair => pair.P >= least)).ToDictionary(pair => pair.Token, pair => pair.P);
    }

    private static List<(int Token, double P)> Normalize(IEnumerable<(int Token, double P)> weights)
    {
        var all = weights.ToList();
        var total = all.Sum(pair => pair.P);
        return [.. all.Select(pair => (pair.Token, pair.P / total))];
    }

    /// <summary>The first ones that hold the mass.</summary>
    private static IEnumerable<(int Token, double P)> UpTo(IEnumerable<(int Token, double P)> ordered, double mass)
    {
        var held = 0.0;
        foreach (var pair in ordered)
        {
            yield return pair;
            held += pair.P;
            if (held >= mass)
            {
                yield break;
            }
        }
    }
}
