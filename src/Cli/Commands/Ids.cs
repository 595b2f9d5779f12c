using System.CommandLine.Parsing;

namespace Tollgate.Cli.Commands;

/// <summary>Arguments and options that take an id.</summary>
internal static class Ids
{
    /// <summary>Reads an id; null after adding an error that names the option.</summary>
    /// <param name="what">What the text should have been, such as <c>the id of an organization.</c></param>
    public static Guid? Read(ArgumentResult result, string name, string what)
    {
        var text = result.Tokens[0].Value;
        if (Guid.TryParse(text, out var id))
        {
            return id;
        }

        result.AddError($"{name}: '{text}' is not {what}");
        return null;
    }
}
