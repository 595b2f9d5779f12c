using System.CommandLine;
using System.Net.Mail;

namespace Tollgate.Cli.Commands;

/// <summary>Options that take the address of the operator's account.</summary>
public static class EmailOption
{
    /// <summary>Address of the operator's account where none is given.</summary>
    public const string Standard = "admin@tollgate.localhost";

    public static Option<string> Create(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => Standard,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (MailAddress.TryCreate(text, out var address))
            {
                return address.Address;
            }

            result.AddError($"{name}: '{text}' is not an e-mail address.");
            return null;
        },
    };
}
