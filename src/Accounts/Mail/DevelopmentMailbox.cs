using Microsoft.Extensions.Options;
using MimeKit;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Mail;

/// <summary>
/// Reads back what <see cref="FolderMailer"/> wrote. Open only while mail goes to a folder and the portal is bound to loopback, and only to the
/// signed-in operator or to a browser with the token of the data folder (<see cref="DevelopmentPages"/>): whoever reads a mail can take over
/// the account that it is for.
/// </summary>
internal sealed class DevelopmentMailbox(IOptions<MailOptions> options, PortalAddress address, IConfiguration configuration)
{
    private string? Token => configuration[DevelopmentPages.TokenSetting];

    /// <summary>Whether this installation has such a mailbox.</summary>
    public bool IsOpen => address.IsLoopback && options.Value.EffectiveMode == MailMode.Folder;

    /// <summary>Whether the request reaches the mailbox at all: never through a proxy, from which strangers may speak.</summary>
    public bool IsReachedBy(HttpContext context) => IsOpen && !DevelopmentPages.IsForwarded(context.Request);

    /// <summary>Whether the one who asks may read it.</summary>
    public bool MayBeReadBy(HttpContext context, Workspace workspace) =>
        IsReachedBy(context) && (workspace.IsOperator || DevelopmentPages.HasToken(context, Token));

    /// <summary>Lets the operator's browser into the other pages of a development installation, such as the stand-in for Stripe.</summary>
    public void Welcome(HttpContext context, Workspace workspace)
    {
        if (workspace.IsOperator && address.IsLoopback && !DevelopmentPages.IsForwarded(context.Request) && Token is { Length: > 0 } token)
        {
            DevelopmentPages.Remember(context, token);
        }
    }

    /// <summary>The 50 newest mails, newest first.</summary>
    public async Task<IReadOnlyList<ReceivedMail>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!IsOpen || !Directory.Exists(options.Value.Folder))
        {
            return [];
        }

        var mails = new List<ReceivedMail>();
        foreach (var file in Directory.EnumerateFiles(options.Value.Folder, "*.eml").OrderDescending(StringComparer.Ordinal).Take(50))
        {
            using var message = await MimeMessage.LoadAsync(file, cancellationToken);
            var text = message.TextBody ?? "";
            mails.Add(new ReceivedMail(message.Date, message.To.ToString(), message.Subject ?? "", text, FindLink(text)));
        }

        return mails;
    }

    /// <summary>Only links to the portal itself are made clickable.</summary>
    private string? FindLink(string text) => text.Split('\n', StringSplitOptions.TrimEntries)
        .FirstOrDefault(line => line.StartsWith(address.Url + "/", StringComparison.Ordinal));
}

/// <summary>A mail as the page shows it.</summary>
/// <param name="Link">The first link to the portal in it.</param>
public sealed record ReceivedMail(DateTimeOffset At, string To, string Subject, string Text, string? Link);
