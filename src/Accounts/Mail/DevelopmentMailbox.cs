using Microsoft.Extensions.Options;
using MimeKit;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Mail;

/// <summary>Reads back what <see cref="FolderMailer"/> wrote. Open only while mail goes
/// to a folder and the portal is bound to loopback.</summary>
internal sealed class DevelopmentMailbox(IOptions<MailOptions> options, PortalAddress address)
{
    public bool IsOpen => address.IsLoopback && options.Value.EffectiveMode == MailMode.Folder;

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
