namespace Tollgate.Contracts.Learning;

/// <summary>Names around training, and the routes by which trainers and workers fetch and leave contents at Learning.</summary>
public static class TrainedModels
{
    /// <summary>The model from which an LSTM is trained, which is none.</summary>
    public const string FromNothing = "lstm";

    private const string TrainerMark = ":training";
    private const string PriceMark = ":tuned";

    /// <summary>The name under which trainers offer a base model, and whose price is that of trained tokens.</summary>
    public static string TrainerOf(string baseModel) => baseModel + TrainerMark;

    /// <summary>The base model of a trainer's name; null for another name.</summary>
    public static string? BaseOf(string trainer) =>
        IsTrainer(trainer) ? trainer[..^TrainerMark.Length] : null;

    /// <summary>Whether a name is one of <see cref="TrainerOf"/>.</summary>
    public static bool IsTrainer(string name) => name.EndsWith(TrainerMark, StringComparison.Ordinal);

    /// <summary>The name whose price is that of all models that are trained from a base model.</summary>
    public static string PriceOf(string baseModel) => baseModel + PriceMark;

    /// <summary>Whether a name is one of <see cref="PriceOf"/>.</summary>
    public static bool IsPrice(string name) => name.EndsWith(PriceMark, StringComparison.Ordinal);

    /// <summary>Trainer → Learning, GET: the job's training file as it was sent.</summary>
    public static string TrainingFileOf(Guid job) => $"/internal/training/{job:N}/training-file";

    /// <summary>Trainer → Learning, GET: the job's validation file.</summary>
    public static string ValidationFileOf(Guid job) => $"/internal/training/{job:N}/validation-file";

    /// <summary>Trainer → Learning, PUT: the trained model, a tar of the folder that the importer takes. Repeating it changes nothing.
    /// </summary>
    public static string ResultOf(Guid job) => $"/internal/training/{job:N}/result";

    /// <summary>Worker → Learning, GET: the same tar, to install a model that is deployed.</summary>
    public static string ModelFileOf(string model) => $"/internal/models/{model}/file";
}
