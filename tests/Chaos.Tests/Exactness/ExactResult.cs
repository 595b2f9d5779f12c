using System.Globalization;

namespace Tollgate.Chaos.Tests.Exactness;

/// <summary>All rounds of one variant, and what is wrong with them.</summary>
internal sealed class ExactResult(
    ExactVariant variant, IReadOnlyList<ExactRound> rounds, IReadOnlyDictionary<Guid, ExactBooks> books)
{
    public static string Head { get; } =
        $"{"variant",-26} {"rounds",6} {"at once",8} {"in all",8} {"429",7} {"503",6} {"other",6}"
        + $" {"billed, nano-dollars",21} {"wallet after, least",20}";

    /// <summary>What breaks the promise, in words; empty when it holds.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (var round in rounds)
        {
            var book = books[round.Customer.OrganizationId];
            foreach (var call in round.Wrong)
            {
                yield return $"{round.Customer.Name}: a call ended with {call.Status} {call.ErrorCode} {call.Detail}";
            }

            if (book.BilledUsd * 1_000_000_000 > ExactVariant.PaysNanoUsd || book.BalanceUsd < 0)
            {
                yield return $"{round.Customer.Name}: overspent, {book}";
            }

            if (book.Charged != round.InAll)
            {
                yield return $"{round.Customer.Name}: {round.InAll} admitted, {book}";
            }

            // A call that was answered 503 may have held its money for a moment: then others may have been refused for it, never admitted.
            var exact = variant is { WipeRedis: false, Text: false } && round.Unavailable == 0;
            if ((!variant.Text && round.AtOnce > ExactVariant.Calls) || (exact && round.AtOnce != ExactVariant.Calls))
            {
                yield return $"{round.Customer.Name}: {round.AtOnce} admitted at once";
            }

            if (!variant.Text && round.InAll != ExactVariant.Calls)
            {
                yield return $"{round.Customer.Name}: {round.InAll} admitted in all";
            }
        }
    }

    /// <summary>A line of the table.</summary>
    public override string ToString()
    {
        var billed = rounds.Select(round => books[round.Customer.OrganizationId].BilledUsd * 1_000_000_000).ToList();
        var least = rounds.Min(round => books[round.Customer.OrganizationId].BalanceUsd);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{variant.Name,-26} {rounds.Count,6} {Range(round => round.AtOnce),8} {Range(round => round.InAll),8} ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{rounds.Sum(round => round.Refused),7} {rounds.Sum(round => round.Unavailable),6} "
                + $"{rounds.Sum(round => round.Wrong.Count),6} ")
            + string.Create(CultureInfo.InvariantCulture, $"{$"{billed.Min():0}–{billed.Max():0}",21} {least,20:0.############}");
    }

    private string Range(Func<ExactRound, int> number) => $"{rounds.Min(number)}–{rounds.Max(number)}";
}
