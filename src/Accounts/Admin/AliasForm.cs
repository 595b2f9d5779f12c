using System.ComponentModel.DataAnnotations;

namespace Tollgate.Accounts.Admin;

/// <summary>Form that sets an alias.</summary>
public sealed class AliasForm
{
    [Required(ErrorMessage = "Name the alias.")]
    [RegularExpression(@"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", ErrorMessage = "Letters, digits and . _ : / - only.")]
    public string Alias { get; set; } = "";

    /// <summary>The model's real name.</summary>
    [Required(ErrorMessage = "Choose a model.")]
    public string Model { get; set; } = "";

    /// <summary>
    /// Finds faults beyond the attributes', by member. <paramref name="models"/> holds the real names that workers serve.
    /// </summary>
    internal IEnumerable<(string Member, string Text)> FindFaults(IReadOnlyList<string> models)
    {
        if (models.Contains(Alias))
        {
            yield return (nameof(Alias), "A model has this name, and a call that names it always gets that model.");
        }

        if (!string.IsNullOrEmpty(Model) && !models.Contains(Model))
        {
            yield return (nameof(Model), "No worker serves a model of this name.");
        }
    }
}
