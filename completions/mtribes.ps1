# mtribes completion for PowerShell. Completions come from the program itself, without a server.
# Made by `mtribes completion show powershell`.

Register-ArgumentCompleter -Native -CommandName mtribes -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $before = @()
    $word = ''
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        $text = $element.Extent.Text
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $text = $element.Value }
        if ($element.Extent.EndOffset -ge $cursorPosition) { $word = $text } else { $before += $text }
    }

    $reply = @(& mtribes __complete $before.Count @before $word 2>$null)
    if ($reply.Count -eq 0) { return }
    $kind, $kept = $reply[0] -split "`t", 2

    if ($kind -ne 'words') {
        $path = $word.Substring([Math]::Min($kept.Length, $word.Length))
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($path) |
            Where-Object { $kind -eq 'files' -or $_.ResultType -eq 'ProviderContainer' } |
            ForEach-Object {
                [System.Management.Automation.CompletionResult]::new(
                    $kept + $_.CompletionText, $_.ListItemText, $_.ResultType, $_.ToolTip)
            }
        return
    }

    $found = @($reply | Select-Object -Skip 1 | ForEach-Object {
        $candidate, $meaning = $_ -split "`t", 2
        if ($candidate.StartsWith($word, [StringComparison]::Ordinal)) {
            $tip = if ($meaning) { $meaning } else { $candidate }
            [System.Management.Automation.CompletionResult]::new($candidate, $candidate, 'ParameterValue', $tip)
        }
    })
    # An empty text keeps PowerShell from offering files where none belong.
    if ($found.Count -eq 0) { '' } else { $found }
}
