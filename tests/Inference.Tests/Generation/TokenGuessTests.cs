using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class TokenGuessTests
{
    [Fact]
    public void What_followed_the_last_three_tokens_before_is_guessed_to_follow_again()
    {
        var guess = new TokenGuess([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2], most: 7);

        guess.Note(3);

        Assert.Equal([4, 5, 6, 7], guess.Rest.ToArray());
    }

    [Fact]
    public void Of_several_places_the_newest_counts()
    {
        var guess = new TokenGuess([1, 2, 3, 4, 0, 1, 2, 3, 5, 0, 1, 2], most: 2);

        guess.Note(3);

        Assert.Equal([5, 0], guess.Rest.ToArray());
    }

    [Fact]
    public void A_text_that_repeats_itself_at_its_end_is_guessed_to_go_on_so()
    {
        var guess = new TokenGuess([1, 2, 1, 2], most: 7);

        guess.Note(1);

        Assert.Equal([2, 1, 2, 1], guess.Rest.ToArray());
    }

    [Fact]
    public void Guesses_get_longer_while_they_come_true_and_as_long_as_what_came_true_and_one_more_when_they_fail()
    {
        var guess = new TokenGuess([.. Enumerable.Range(0, 60), 0, 1], most: 7);
        guess.Note(2);
        Assert.Equal(4, guess.Rest.Length);

        foreach (var token in Enumerable.Range(3, 4))
        {
            guess.Note(token);
        }

        Assert.Equal([7, 8, 9, 10, 11, 12, 13], guess.Rest.ToArray());
        Assert.Equal(0.625, guess.Rate); // 0.5 + (1 - 0.5) / 4
        foreach (var token in (int[])[7, 8, 9, 50, 51, 52])
        {
            guess.Note(token);
        }

        Assert.Equal([53, 54, 55, 56], guess.Rest.ToArray());
        Assert.Equal(0.625 + (((3.0 / 7) - 0.625) / 4), guess.Rate, precision: 12);
    }

    [Fact]
    public void A_text_without_repetitions_has_no_guess_and_wrong_guesses_lower_the_rate()
    {
        var guess = new TokenGuess([.. Enumerable.Range(0, 40)], most: 7);
        foreach (var token in Enumerable.Range(100, 40))
        {
            guess.Note(token);
            Assert.True(guess.Rest.IsEmpty);
        }

        for (var i = 0; i < 20; i++)
        {
            foreach (var token in (int[])[5, 6, 7, 200 + i]) // 8 followed at first, then another one each time.
            {
                guess.Note(token);
            }
        }

        Assert.InRange(guess.Rate, 0, 0.01);
    }

    [Fact]
    public void A_stopped_one_guesses_nothing()
    {
        var guess = new TokenGuess([1, 2, 1, 2], most: 7);
        guess.Note(1);

        guess.Stop();
        guess.Note(2);

        Assert.True(guess.Rest.IsEmpty);
    }

    [Fact]
    public void Random_tokens_never_break_it_and_every_guess_continues_an_earlier_run()
    {
        var random = new Random(7);
        for (var text = 0; text < 200; text++)
        {
            var tokens = Enumerable.Range(0, random.Next(0, 30)).Select(_ => random.Next(3)).ToList();
            var guess = new TokenGuess([.. tokens], most: 7);
            for (var i = 0; i < 60; i++)
            {
                tokens.Add(random.Next(3));
                guess.Note(tokens[^1]);
                Assert.InRange(guess.Rest.Length, 0, 7);
                Assert.InRange(guess.Rate, 0, 1);
                if (guess.Rest.Length > 0)
                {
                    Assert.True(Contains(tokens, [.. tokens[^3..], guess.Rest[0]]) || guess.Rest.Length < 7);
                }
            }
        }

        static bool Contains(List<int> tokens, int[] run) =>
            Enumerable.Range(0, Math.Max(0, tokens.Count - run.Length + 1)).Any(at => tokens.Slice(at, run.Length).SequenceEqual(run));
    }
}
