using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.FineTuning;

/// <summary>
/// Form that makes a job. Numbers are text: an unreadable one is a fault and not "auto". Learning checks what they may be.
/// </summary>
public sealed class JobForm
{
    /// <summary>A form submitted twice makes one job.</summary>
    public Guid RequestId { get; set; }

    public string? Model { get; set; }

    public string? Method { get; set; }

    public string? TrainingFile { get; set; }

    /// <summary>Empty to hold a part of the training file out.</summary>
    public string? ValidationFile { get; set; }

    /// <summary>Per cent of the training file; empty leaves it to the trainer.</summary>
    public string? ValidationPercent { get; set; }

    public string? Epochs { get; set; }

    public string? BatchSize { get; set; }

    public string? LearningRateMultiplier { get; set; }

    public string? Seed { get; set; }

    public string? Suffix { get; set; }

    public string? BudgetTokens { get; set; }

    public string? BudgetUsd { get; set; }

    /// <summary>Empty leaves it to the method.</summary>
    public string? EarlyStopping { get; set; }

    public bool BalanceLabels { get; set; }

    public bool Int8 { get; set; }

    /// <summary>Public id of the key that the job runs with.</summary>
    public string? Key { get; set; }

    /// <summary>Converts the form to an order and collects the fields that hold no number.</summary>
    internal (NewJob Order, ILookup<string, string> Faults) Read()
    {
        List<(string Field, string Text)> faults = [];
        decimal? Number(string field, string? text, bool isWhole)
        {
            var number = NumberFieldAttribute.Read(text);
            if (!string.IsNullOrWhiteSpace(text) && (number is null || (isWhole && !decimal.IsInteger(number.Value))))
            {
                faults.Add((field, isWhole ? "A whole number, or empty." : "A number, or empty."));
                return null;
            }

            return number;
        }

        int? Whole(string field, string? text) => Number(field, text, isWhole: true) is { } number
            ? (int)Math.Min(number, int.MaxValue) : null;

        var numbers = new NewJobNumbers(
            Whole(nameof(Epochs), Epochs), Whole(nameof(BatchSize), BatchSize),
            (double?)Number(nameof(LearningRateMultiplier), LearningRateMultiplier, isWhole: false));
        var budget = new NewJobBudget(
            (long?)Math.Min(Number(nameof(BudgetTokens), BudgetTokens, isWhole: true) ?? -1, long.MaxValue),
            Number(nameof(BudgetUsd), BudgetUsd, isWhole: false));
        budget = budget with { TrainedTokens = budget.TrainedTokens < 0 ? null : budget.TrainedTokens };
        var order = new NewJob(Model ?? "", TrainingFile ?? "")
        {
            ValidationFile = string.IsNullOrEmpty(ValidationFile) ? null : ValidationFile,
            Method = string.IsNullOrEmpty(Method) ? null : new JobMethod(Method),
            Hyperparameters = numbers == new NewJobNumbers(null, null, null) ? null : numbers,
            Seed = Whole(nameof(Seed), Seed),
            Suffix = string.IsNullOrWhiteSpace(Suffix) ? null : Suffix.Trim(),
            ValidationShare = (double?)(Number(nameof(ValidationPercent), ValidationPercent, isWhole: false) / 100),
            EarlyStopping = EarlyStopping switch { "yes" => true, "no" => false, _ => null },
            BalanceLabels = BalanceLabels ? true : null,
            Int8 = Int8 ? true : null,
            Budget = budget == new NewJobBudget(null, null) ? null : budget,
        };
        return (order, faults.ToLookup(fault => fault.Field, fault => fault.Text));
    }

    /// <summary>The field of a member that Learning names; null for none of the form's.</summary>
    internal static string? FieldOf(string? param) => param switch
    {
        "model" => nameof(Model),
        "training_file" => nameof(TrainingFile),
        "validation_file" => nameof(ValidationFile),
        "validation_share" => nameof(ValidationPercent),
        "seed" => nameof(Seed),
        "suffix" => nameof(Suffix),
        "early_stopping" => nameof(EarlyStopping),
        "budget.trained_tokens" or "budget" => nameof(BudgetTokens),
        "budget.usd" => nameof(BudgetUsd),
        "method" or "method.type" => nameof(Method),
        not null when param.EndsWith("n_epochs", StringComparison.Ordinal) => nameof(Epochs),
        not null when param.EndsWith("batch_size", StringComparison.Ordinal) => nameof(BatchSize),
        not null when param.EndsWith("learning_rate_multiplier", StringComparison.Ordinal) => nameof(LearningRateMultiplier),
        _ => null,
    };
}
