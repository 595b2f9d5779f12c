using System.Globalization;

namespace Tollgate.Training.Methods;

/// <summary>A method and the reason for it, in a sentence.</summary>
internal sealed record MethodChoice(TrainingMethod Method, string Reason)
{
    /// <summary>Below so many training rows an encoder is not tuned. From here on it was better than the linear layer wherever both were
    /// measured.</summary>
    public const int FewestForEncoder = 50;

    /// <param name="wanted">What the settings name.</param>
    /// <param name="rows">Rows of the training part.</param>
    /// <param name="encoderTokens">Tokens that tuning the encoder would train.</param>
    /// <param name="budget">Most trained tokens; null for no limit.</param>
    public static MethodChoice Of(TrainingMethod wanted, bool hasBase, int rows, long encoderTokens, long? budget)
    {
        if (wanted != TrainingMethod.Supervised)
        {
            return new MethodChoice(wanted, "The settings name it.");
        }

        return !hasBase
            ? new MethodChoice(TrainingMethod.Lstm, "No base model is named.")
            : rows < FewestForEncoder
                ? new MethodChoice(
                    TrainingMethod.Head,
                    Invariant($"The training part has {rows:N0} rows; from {FewestForEncoder:N0} on the encoder is tuned."))
                : encoderTokens > budget
                    ? new MethodChoice(
                        TrainingMethod.Head,
                        Invariant($"Tuning the encoder would train {encoderTokens:N0} tokens, more than the budget of {budget:N0}."))
                    : new MethodChoice(
                        TrainingMethod.Encoder,
                        Invariant($"The training part has {rows:N0} rows, at least {FewestForEncoder:N0}, and the budget allows it."));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
