using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class VerificationPaceTests
{
    [Fact]
    public void Nothing_pays_before_a_plain_step_was_measured_and_then_it_is_tried()
    {
        var pace = new VerificationPace(rows: 4);

        Assert.False(pace.Pays(rows: 1, rate: 1));
        pace.Stepped(1, TimeSpan.FromMilliseconds(20));

        Assert.True(pace.Pays(rows: 1, rate: 0.01));
        Assert.False(pace.Pays(rows: 2, rate: 1)); // Each number of rows is measured by itself.
    }

    [Fact]
    public void Guesses_pay_where_they_save_twice_the_time_that_they_take()
    {
        var pace = new VerificationPace(rows: 4);
        pace.Stepped(1, TimeSpan.FromMilliseconds(20));
        pace.Verified(1, guessed: 1, TimeSpan.FromSeconds(9)); // The first one does not count.
        pace.Verified(1, guessed: 4, TimeSpan.FromMilliseconds(36)); // 4 ms for each, of the 20 ms of a token; 2 x 4 / 20 must come true.

        Assert.True(pace.Pays(rows: 1, rate: 0.41));
        Assert.False(pace.Pays(rows: 1, rate: 0.39));
    }

    [Fact]
    public void A_step_with_guesses_takes_the_wanted_time_or_twice_that_of_a_plain_one()
    {
        var pace = new VerificationPace(rows: 4);
        pace.Stepped(1, TimeSpan.FromMilliseconds(20));
        Assert.Equal(int.MaxValue, pace.MostWithin(rows: 1, TimeSpan.FromMilliseconds(40))); // Nothing is known yet.
        pace.Verified(1, guessed: 1, TimeSpan.FromSeconds(9)); // The first one does not count.
        pace.Verified(1, guessed: 4, TimeSpan.FromMilliseconds(36)); // 4 ms for each.

        Assert.Equal(10, pace.MostWithin(rows: 1, TimeSpan.FromMilliseconds(60)));
        Assert.Equal(5, pace.MostWithin(rows: 1, TimeSpan.FromMilliseconds(10)));
    }

    [Fact]
    public void The_more_rows_share_a_step_the_more_of_a_guess_must_come_true()
    {
        var pace = new VerificationPace(rows: 8);
        pace.Stepped(8, TimeSpan.FromMilliseconds(40));
        pace.Verified(8, guessed: 1, TimeSpan.FromSeconds(9)); // The first one does not count.
        pace.Verified(8, guessed: 4, TimeSpan.FromMilliseconds(48)); // 2 ms of the 5 ms of a token: 2 x 2 / 5.

        Assert.True(pace.Pays(rows: 8, rate: 0.81));
        Assert.False(pace.Pays(rows: 8, rate: 0.79));
    }

    [Fact]
    public void What_took_too_long_once_is_measured_again_some_time()
    {
        var pace = new VerificationPace(rows: 1);
        pace.Stepped(1, TimeSpan.FromMilliseconds(20));
        pace.Verified(1, guessed: 1, TimeSpan.FromSeconds(9)); // The first one does not count.
        pace.Verified(1, guessed: 1, TimeSpan.FromMilliseconds(120)); // 100 ms of 20.

        var steps = 0;
        for (; !pace.Pays(rows: 1, rate: 0.5); steps++)
        {
            pace.Stepped(1, TimeSpan.FromMilliseconds(20));
        }

        Assert.InRange(steps, 1490, 1500); // ln(2 x 100 / 10) / -ln(0.998)
    }
}
