import { render } from 'preact';
import { App } from './app.tsx';
import './style/base.css';
import './style/forms.css';
import './style/layout.css';
import './style/parts.css';
import './style/tables.css';
import './style/webhooks.css';
import './style/look.css';
import './style/narrow.css';

const place = document.getElementById('console');
if (place !== null) render(<App />, place);
