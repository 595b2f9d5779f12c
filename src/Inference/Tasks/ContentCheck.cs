using System.Globalization;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>What an operator refuses: a classifier served beside a model, and labels with the scores from which they refuse. Named at an
/// import, kept in the manifest.</summary>
/// <param name="Model">Name of the classifier.</param>
/// <param name="Refuse">Label → least score that refuses, above 0 to 1. At least one.</param>
public sealed record ContentCheck(string Model, IReadOnlyDictionary<string, double> Refuse)
{
    /// <param name="what">What is checked, for messages.</param>
    /// <exception cref="ModelImportException">It names no model, no label, or a score outside the range.</exception>
    internal void Require(string what)
    {
        if (!ModelName.IsValid(Model) || Refuse.Count == 0)
        {
            throw new ModelImportException($"The check of {what} needs the name of a classifier, and a label with the score that refuses.");
        }

        foreach (var (label, score) in Refuse)
        {
            if (score is not (> 0 and <= 1))
            {
                throw new ModelImportException(string.Create(
                    CultureInfo.InvariantCulture, $"The score of '{label}' that refuses {what} is {score}; it is above 0 and at most 1."));
            }
        }
    }

    /// <summary>What it does, for the operator.</summary>
    /// <param name="what">What is checked, as a sentence begins.</param>
    internal string Describe(string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{what} are checked by '{Model}', which refuses {string.Join(", ", Refuse.Select(label => $"'{label.Key}' from {label.Value}"))}. "
        + $"Nothing is drawn while that classifier is not served.");
}
