namespace Tollgate.Contracts.Datasets;

/// <summary>What an uploaded file is for: the member <c>purpose</c> of OpenAI's files.</summary>
public enum DatasetPurpose
{
    /// <summary><c>fine-tune</c>: examples of a text and its label.</summary>
    FineTune = 0,

    /// <summary><c>batch</c>: one request of the API a line.</summary>
    Batch,

    /// <summary><c>evals</c>: stored, not read.</summary>
    Evals,

    /// <summary><c>user_data</c>: stored, not read.</summary>
    UserData,
}

/// <summary>The words of <see cref="DatasetPurpose"/> on the wire.</summary>
public static class DatasetPurposes
{
    private static readonly (DatasetPurpose Purpose, string Word)[] Words =
    [
        (DatasetPurpose.FineTune, "fine-tune"), (DatasetPurpose.Batch, "batch"), (DatasetPurpose.Evals, "evals"),
        (DatasetPurpose.UserData, "user_data"),
    ];

    public static string Word(this DatasetPurpose purpose) => Words.Single(pair => pair.Purpose == purpose).Word;

    /// <returns>The purpose; null for a word that is none.</returns>
    public static DatasetPurpose? Find(string word) =>
        Array.Find(Words, pair => pair.Word == word) is { Word: not null } found ? found.Purpose : null;
}
