using System.Globalization;
using Tollgate.Accounts.Portal;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Learning;

/// <summary>Formats files and times of Learning for pages.</summary>
internal static class ShowFile
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Formats a size with one decimal.</summary>
    public static string Size(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        while (size >= 1024 && unit < Units.Length - 1)
        {
            (size, unit) = (size / 1024, unit + 1);
        }

        return size.ToString(unit == 0 ? "0" : "0.#", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <param name="seconds">Unix seconds.</param>
    public static string Time(long seconds) => Show.Time(DateTimeOffset.FromUnixTimeSeconds(seconds));

    public static string Purpose(string purpose) => purpose switch
    {
        FilePurposes.FineTune => "Training examples",
        FilePurposes.Batch => "Requests of a batch",
        FilePurposes.Evals => "Evaluation examples",
        FilePurposes.UserData => "Other data",
        "batch_output" => "Answers of a batch",
        _ => purpose,
    };

    /// <summary>Whether Learning checks the rows of such a file.</summary>
    public static bool IsChecked(string purpose) => purpose is FilePurposes.FineTune or FilePurposes.Batch;
}
