using Microsoft.Extensions.Options;
using MimeKit;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts.Mail;

/// <summary>
/// Reads the mails that <see cref="FolderMailer"/> wrote. Exists only while mail goes to a folder and the portal is bound to loopback.
/// Opens only to the signed-in operator and to a browser with the token of the data folder (<see cref="DevelopmentPages"/>), because a
/// reader of a mail can take over its account.
/// </summary>
internal sealed class DevelopmentMailbox(IOptions<MailOptions> options, PortalAddress address, IConfiguration configuration)
{
    private string? Token => configuration[DevelopmentPages.TokenSetting];

    /// <summary>Whether this installation has a development mailbox.</summary>
    public bool IsOpen => address.IsLoopback && options.Value.EffectiveMode == MailMode.Folder;

    /// <summary>Whether the request may reach the mailbox. Refuses requests through a proxy, which may come from strangers.</summary>
    public bool IsReachedBy(HttpContext context) => IsOpen && !DevelopmentPages.IsForwarded(context.Request);

    /// <summary>Whether the caller may read the mailbox.</summary>
    public bool MayBeReadBy(HttpContext context, Workspace workspace) =>
        IsReachedBy(context) && (workspace.IsOperator || DevelopmentPages.HasToken(context, Token));

    /// <summary>Gives the operator's browser the token for the other development pages, such as the fake Stripe.</summary>
    public void Welcome(HttpContext context, Workspace workspace)
    {
        if (workspace.IsOperator && address.IsLoopback && !DevelopmentPages.IsForwarded(context.Request) && Token is { Length: > 0 } token)
        {
            DevelopmentPages.Remember(context, token);
        }
    }

    /// <summary>Reads the 50 newest mails, newest first.</summary>
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

    /// <summary>Finds the first link to the portal itself; only that one becomes clickable.</summary>
    private string? FindLink(string text) => text.Split('\n', StringSplitOptions.TrimEntries)
        .FirstOrDefault(line => line.StartsWith(address.Url + "/", StringComparison.Ordinal));
}

/// <summary>A mail as the page shows it.</summary>
/// <param name="Link">Its first link to the portal; null without one.</param>
public sealed record ReceivedMail(DateTimeOffset At, string To, string Subject, string Text, string? Link);
