using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Explains in one line why a start failed, if the operator can fix it.</summary>
public static class SettingsError
{
    /// <summary>Returns the line; null for a failure whose stack a developer needs.</summary>
    public static string? Explain(Exception exception) => exception switch
    {
        OptionsValidationException wrong => OneLine(string.Join(" ", wrong.Failures)),
        InvalidOperationException { InnerException: { } cause and (FormatException or ArgumentException) } =>
            OneLine($"{exception.Message} {cause.Message}"), // The binder names the setting; its cause explains what is expected.
        InvalidOperationException or FormatException or IOException or UnauthorizedAccessException or SocketException =>
            OneLine(exception.Message),
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ => null,
    };

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
